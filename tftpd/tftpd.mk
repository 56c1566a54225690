tftpd_SRCS = tftpd/main.c
tftpdparts_SRCS = $(addprefix tftpd/,ascii.c conf.c endpoint.c file.c map.c \
	netascii.c packet.c send.c serve.c transfer.c upload.c xfer.c)
tftpd_LIBS = tftpdparts common
HDRS += $(wildcard tftpd/*.h)
PROGS += $(O)/sbin/tftpd
$(eval $(call library,tftpdparts))
$(eval $(call program,tftpd,$(O)/sbin/tftpd))
