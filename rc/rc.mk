# rc: basenet(8), the rc scripts, and what they read. `paths` tells them where
# things stand: in the build tree the programs of $(O), else as installed.
RCDIR = $(O)/libexec/basenet
RC_SCRIPTS = dhcpd dhcrelay dnsd tftpd
PATHS = SBINDIR LIBEXECDIR ETCDIR RUNDIR STATEDIR SPOOLDIR LOGDIR
built_SBINDIR = $(abspath $(O))/sbin
built_LIBEXECDIR = $(abspath $(RCDIR))
etc_SED = -e 's|/usr/local/sbin|$(SBINDIR)|g' -e 's|/etc/basenet|$(ETCDIR)|g' \
	-e 's|/run/basenet|$(RUNDIR)|g' -e 's|/var/lib/basenet|$(STATEDIR)|g' \
	-e 's|/var/spool/basenet|$(SPOOLDIR)|g' \
	-e 's|/var/log/basenet|$(LOGDIR)|g'

PROGS += $(O)/sbin/basenet
LIBEXEC += $(addprefix $(RCDIR)/,$(RC_SCRIPTS) ctl install-users paths rc.subr \
	sysusers.conf tmpfiles.conf)
SCRIPTS += rc/basenet rc/install-users rc/rc.subr $(RC_SCRIPTS:%=rc/%)

ctl_SRCS = rc/ctl.c
ctl_LIBS = common
$(eval $(call program,ctl,$(RCDIR)/ctl))

$(O)/sbin/basenet: rc/basenet rc/rc.mk
	@mkdir -p $(@D)
	$(Q)sed 's|@LIBEXECDIR@|$(built_LIBEXECDIR)|' rc/basenet >$@
	@chmod 755 $@

$(addprefix $(RCDIR)/,$(RC_SCRIPTS) install-users rc.subr): $(RCDIR)/%: rc/%
	@mkdir -p $(@D)
	$(Q)cp rc/$* $@

$(RCDIR)/sysusers.conf $(RCDIR)/tmpfiles.conf: $(RCDIR)/%.conf: \
    etc/%.d/basenet.conf rc/rc.mk
	@mkdir -p $(@D)
	$(Q)sed $(etc_SED) $< >$@

$(RCDIR)/paths: rc/rc.mk Makefile
	@mkdir -p $(@D)
	$(Q)printf '%s\n' $(foreach v,$(PATHS),"$v='$(or $(built_$v),$($v))'") >$@

print-paths:
	@printf '%s\n' $(foreach v,$(PATHS),"$v='$($v)'")

# After the programs were copied: what differs from the build tree, and the
# samples with the paths of this build.
install-rc:
	$(MAKE) -s print-paths >$(DESTDIR)$(LIBEXECDIR)/paths
	sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|' rc/basenet \
	    >$(DESTDIR)$(SBINDIR)/basenet
	cd etc && find . -type f | while read -r f; do \
		t=$(abspath $(DESTDIR)$(DOCDIR))/examples/$$f; \
		mkdir -p "$${t%/*}" && sed $(etc_SED) "$$f" >"$$t" || exit; \
	done
