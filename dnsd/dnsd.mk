# dnsd and its companions; auth/ is the role `authoritative`.
dnsdparts_SRCS = $(filter-out $(addprefix dnsd/,main.c checkzone.c keygen.c),\
	$(sort $(wildcard dnsd/*.c dnsd/auth/*.c)))
dnsd_SRCS = dnsd/main.c
dnsd-checkzone_SRCS = dnsd/checkzone.c
dnsd-keygen_SRCS = dnsd/keygen.c
dnsd_LIBS = dnsdparts dnswire common
dnsd-checkzone_LIBS = dnsdparts dnswire common
dnsd-keygen_LIBS = dnsdparts dnswire common
dnsd_LDLIBS = -lcrypto
dnsd-checkzone_LDLIBS = -lcrypto
dnsd-keygen_LDLIBS = -lcrypto
dnsd_CPPFLAGS = -Idnswire -Idnsd/auth
dnsd_auth_CPPFLAGS = -Idnswire -Idnsd
HDRS += $(wildcard dnsd/*.h dnsd/auth/*.h)
$(eval $(call library,dnsdparts))
$(foreach p,dnsd dnsd-checkzone dnsd-keygen,$(if $(wildcard $($p_SRCS)),\
	$(eval PROGS += $(O)/sbin/$p)$(eval $(call program,$p,$(O)/sbin/$p))))
