# DNS messages, for dhcpd's updates and dnsd.
dnswire_SRCS = $(sort $(wildcard dnswire/*.c))
HDRS += $(wildcard dnswire/*.h)
$(eval $(call library,dnswire))
