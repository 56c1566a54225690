# dhcpd, dhcrelay and dhcpc: three programs on one set of parts.
dhcpparts_SRCS = $(filter-out $(addprefix dhcpd/,main.c dhcrelay.c dhcpc.c),\
	$(sort $(wildcard dhcpd/*.c)))
dhcpd_SRCS = dhcpd/main.c
dhcrelay_SRCS = dhcpd/dhcrelay.c
dhcpc_SRCS = dhcpd/dhcpc.c
dhcpd_LIBS = dhcpparts dnswire common
dhcrelay_LIBS = dhcpparts common
dhcpc_LIBS = dhcpparts common
dhcpd_LDLIBS = -lcrypto
dhcpd_CPPFLAGS = -Idnswire
HDRS += $(wildcard dhcpd/*.h)
LIBEXEC += $(O)/libexec/basenet/dhcpc-script
SCRIPTS += dhcpd/dhcpc-script
$(eval $(call library,dhcpparts))
$(foreach p,dhcpd dhcrelay dhcpc,$(if $(wildcard $($p_SRCS)),\
	$(eval PROGS += $(O)/sbin/$p)$(eval $(call program,$p,$(O)/sbin/$p))))

$(O)/libexec/basenet/dhcpc-script: dhcpd/dhcpc-script
	@mkdir -p $(@D)
	$(Q)cp $< $@
