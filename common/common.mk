common_SRCS = $(addprefix common/,buf.c child.c commit.c conf.c confkind.c conftext.c \
	confword.c control.c crc32c.c daemon.c \
	deadline.c generation.c leasemap.c lines.c log.c logfile.c message.c notify.c parent.c \
	process.c sandbox.c sock.c stats.c verbs.c worker.c)
HDRS += $(wildcard common/*.h)
$(eval $(call library,common))
