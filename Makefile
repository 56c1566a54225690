# basenet: one makefile for the whole tree (GNU make). Each folder's NAME.mk
# adds its sources to the lists below; what is built stands in $(O), which
# mirrors the installed tree: $(O)/sbin, $(O)/libexec/basenet.

PREFIX = /usr/local
SBINDIR = $(PREFIX)/sbin
LIBEXECDIR = $(PREFIX)/libexec/basenet
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/basenet
ETCDIR = /etc/basenet
RUNDIR = /run/basenet
STATEDIR = /var/lib/basenet
SPOOLDIR = /var/spool/basenet
LOGDIR = /var/log/basenet
DESTDIR =

CC = gcc
AR = ar
INSTALL = install
O = build

# `make V=1` shows the commands whole.
V =
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

OPT = -O2 -g
WERROR = -Werror
WARN = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 \
	-Wundef -Wvla
FORTIFY = -D_FORTIFY_SOURCE=2
HARDEN = $(FORTIFY) -fstack-protector-strong
SAN =
VERSION := $(shell sed -n 's/^.. \([0-9][0-9.]*\).*/\1/p' CHANGES.md | sed 1q)
CPPALL = -D_GNU_SOURCE -include common/banned.h -Icommon $(CPPFLAGS) \
	-DVERSION='"$(VERSION)"' -DSBINDIR='"$(SBINDIR)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' \
	-DETCDIR='"$(ETCDIR)"' -DRUNDIR='"$(RUNDIR)"' \
	-DSTATEDIR='"$(STATEDIR)"' -DLOGDIR='"$(LOGDIR)"'
CALL = -std=gnu17 -fPIE $(OPT) $(WARN) $(HARDEN) $(SAN) $(CFLAGS)
LDALL = -pie -Wl,-z,relro,-z,now $(SAN) $(LDFLAGS)
LDLIBS = -lconfuse -lev -lseccomp -lbsd -lpthread

# What the folders add to: programs, libraries, rc scripts, pages, checks.
PROGS =
LIBEXEC =
LIBS =
SRCS =
HDRS =
SCRIPTS =
MANS = $(sort $(wildcard man/man5/*.5 man/man7/*.7 man/man8/*.8))

all: programs

# library NAME: $(O)/libNAME.a from NAME_SRCS
define library
LIBS += $$(O)/lib$(1).a
SRCS += $$($(1)_SRCS)
$$(O)/lib$(1).a: $$($(1)_SRCS:%.c=$$(O)/%.o)
	@rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcs $$@ $$^
endef

# program NAME,FILE: FILE from NAME_SRCS and the libraries in NAME_LIBS
define program
SRCS += $$($(1)_SRCS)
$(2): $$($(1)_SRCS:%.c=$$(O)/%.o) $$($(1)_LIBS:%=$$(O)/lib%.a)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDALL) -o $$@ $$^ $$(LDLIBS) $$($(1)_LDLIBS)
endef

include common/common.mk
include dnswire/dnswire.mk
include dhcpd/dhcpd.mk
include dnsd/dnsd.mk
include tftpd/tftpd.mk
include rc/rc.mk
include tests/tests.mk

programs: $(PROGS) $(LIBEXEC)

# Everything is compiled again when the command for it is another one.
FLAGS = $(CC) $(CPPALL) $(CALL) $(LDALL)

$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(FLAGS))' >$@

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPALL) -I$(<D) $(CALL) $($(subst /,_,$(<D))_CPPFLAGS) \
	    -MMD -MP -c -o $@ $<

-include $(SRCS:%.c=$(O)/%.d)

install: install-files install-rc

install-files: programs
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(ETCDIR) $(DESTDIR)$(DOCDIR) \
	    $(addprefix $(DESTDIR)$(MANDIR)/,man5 man7 man8)
	$(INSTALL) -m 755 $(PROGS) $(DESTDIR)$(SBINDIR)
	for f in $(LIBEXEC); do \
		test -x $$f && m=755 || m=644; \
		$(INSTALL) -m $$m $$f $(DESTDIR)$(LIBEXECDIR) || exit; \
	done
	for f in $(MANS:man/%=%); do \
		$(INSTALL) -m 644 man/$$f $(DESTDIR)$(MANDIR)/$$f || exit; \
	done

install-rc: install-files

# The configuration in $(ETCDIR) is the administrator's.
uninstall:
	rm -f $(PROGS:$(O)/sbin/%=$(DESTDIR)$(SBINDIR)/%)
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DOCDIR)
	rm -f $(MANS:man/%=$(DESTDIR)$(MANDIR)/%)
	if test -d $(DESTDIR)$(ETCDIR); then \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(ETCDIR); fi

clean:
	rm -rf $(O) build-asan build-fuzz build-clang

FORCE:
.PHONY: all programs install install-files install-rc uninstall clean \
	print-paths FORCE
.DELETE_ON_ERROR:
