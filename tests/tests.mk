# Unit tests: each tests/unit/FOLDER/test_NAME.c is a Check program that prints
# TAP, linked with that folder's library. System tests: each tests/system/NAME.t
# is a script that prints TAP. Other C files of these folders and of tests/bench
# are programs that tests run. Fuzz targets: each
# tests/fuzz/FOLDER/fuzz_NAME.c, whose seeds and regressions `check` replays
# without a fuzzer.
CHECKLIBS = $(shell pkg-config --libs check 2>/dev/null || \
	echo -lcheck_pic -lsubunit -lrt -lm -lpthread)
JOBS = 4

# Folders with tests and the libraries that these are linked with.
TESTED = common dnswire dhcpd dnsd tftpd
common_TESTLIBS = common
dnswire_TESTLIBS = dnswire common
dnswire_TESTLDLIBS = -lcrypto
dhcpd_TESTLIBS = dhcpparts dnswire common
dhcpd_TESTLDLIBS = -lcrypto
dnsd_TESTLIBS = dnsdparts dnswire common
dnsd_TESTLDLIBS = -lcrypto
tftpd_TESTLIBS = tftpdparts common

UNIT = $(foreach f,$(TESTED),$(UNIT_$f))
FUZZ = $(foreach f,$(TESTED),$(FUZZ_$f))
REPLAY = $(FUZZ:%=%.t)
AIDS_SRCS := $(filter-out tests/unit/common/test_%,$(wildcard \
	tests/unit/common/*.c tests/system/*.c tests/bench/*.c))
AIDS = $(AIDS_SRCS:%.c=$(O)/%) $(O)/tests/fault.so
SYSTEM := $(wildcard tests/system/*.t)
SRCS += $(AIDS_SRCS) $(wildcard tests/unit/*/test_*.c tests/fuzz/*/fuzz_*.c) \
	tests/fuzz/replay.c

# tested FOLDER: its unit tests and fuzz targets
define tested
UNIT_$(1) := $$(patsubst tests/unit/$(1)/test_%.c,$$(O)/tests/unit/$(1)/%.t,\
	$$(wildcard tests/unit/$(1)/test_*.c))
FUZZ_$(1) := $$(patsubst tests/fuzz/$(1)/fuzz_%.c,$$(O)/tests/fuzz/$(1)/%,\
	$$(wildcard tests/fuzz/$(1)/fuzz_*.c))
tests_unit_$(1)_CPPFLAGS = -Itests/unit -I$(1) $($(1)_CPPFLAGS)
tests_fuzz_$(1)_CPPFLAGS = -Itests/unit -I$(1) $($(1)_CPPFLAGS)

$$(UNIT_$(1)): $$(O)/tests/unit/$(1)/%.t: $$(O)/tests/unit/$(1)/test_%.o \
    $$($(1)_TESTLIBS:%=$$(O)/lib%.a)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDALL) -o $$@ $$^ $$(LDLIBS) $$($(1)_TESTLDLIBS) \
	    $$(CHECKLIBS)

$$(FUZZ_$(1):%=%.t): $$(O)/tests/fuzz/$(1)/%.t: \
    $$(O)/tests/fuzz/$(1)/fuzz_%.o $$(O)/tests/fuzz/replay.o \
    $$($(1)_TESTLIBS:%=$$(O)/lib%.a)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDALL) -o $$@ $$^ $$(LDLIBS) $$($(1)_TESTLDLIBS)

$$(FUZZ_$(1)): $$(O)/tests/fuzz/$(1)/%: $$(O)/tests/fuzz/$(1)/fuzz_%.o \
    $$($(1)_TESTLIBS:%=$$(O)/lib%.a)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDALL) -fsanitize=fuzzer -o $$@ $$^ $$(LDLIBS) \
	    $$($(1)_TESTLDLIBS)
endef
$(foreach f,$(TESTED),$(eval $(call tested,$f)))

tests: $(UNIT) $(AIDS) $(REPLAY)

$(AIDS_SRCS:%.c=$(O)/%): %: %.o $(O)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDALL) -o $@ $^ $(LDLIBS)

$(filter %/drive_daemon %/drive_reload,$(AIDS)): LDLIBS += $(CHECKLIBS)
tests_system_CPPFLAGS = -Idnswire
$(O)/tests/system/dns-update: $(O)/libdnswire.a
$(O)/tests/system/dns-update: LDLIBS += $(O)/libcommon.a -lcrypto -lbsd

# Preloaded: without the sanitizers of what it is preloaded into.
$(O)/tests/fault.so: tests/fault/fault.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPALL) $(filter-out -fPIE,$(CALL)) -fno-sanitize=all -fPIC \
	    -shared -o $@ $<

# What tests find in their environment.
TESTENV = SRC='$(CURDIR)' O='$(abspath $(O))' PEERS='$(CURDIR)/build/peers'

check: all tests
	@$(TESTENV) prove -j$(JOBS) --exec '' $(UNIT) $(REPLAY) $(SYSTEM)

# The daemons run as other users, in sandboxes and without a terminal, so a
# report may not come through; the exit status does. The compiler's guesses
# about ranges are wrong in instrumented code.
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined
check-asan:
	@ASAN_OPTIONS=exitcode=99:detect_leaks=1:verify_asan_link_order=0 \
	UBSAN_OPTIONS=exitcode=99:print_stacktrace=1 \
	$(MAKE) --no-print-directory check O=build-asan OPT='-O1 -g' \
	    SAN='$(ASAN)' FORTIFY= \
	    CFLAGS='-Wno-format-truncation -Wno-maybe-uninitialized'

clang:
	@$(MAKE) --no-print-directory all tests CC=clang O=build-clang

# Fuzzing: FUZZ_SECONDS for each target, from its seeds, its regressions and
# what earlier runs found. A crash leaves its input in build-fuzz/found: add
# it to tests/fuzz/regressions/NAME with the mending.
FUZZ_SECONDS = 10
fuzz:
	@$(MAKE) --no-print-directory fuzz-run CC=clang O=build-fuzz \
	    OPT='-O1 -g' FORTIFY= SAN='-fsanitize=fuzzer-no-link $(ASAN)'

fuzz-run: $(FUZZ)
	@for f in $(FUZZ); do \
		n=$${f#$(O)/tests/fuzz/} c=$(O)/corpus/$${f#$(O)/tests/fuzz/}; \
		mkdir -p $$c $(O)/found/$${n%/*}; \
		for d in tests/fuzz/seeds/$$n tests/fuzz/regressions/$$n; do \
			test ! -d $$d || cp -R $$d/. $$c || exit; \
		done; \
		echo "fuzz $$n: $(FUZZ_SECONDS) s"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		    -artifact_prefix=$(O)/found/$$n- -verbosity=0 \
		    -print_final_stats=1 $$c || exit; \
	done

bench: all tests
	@$(TESTENV) tests/bench/run

bench-%: all tests
	@$(TESTENV) tests/bench/run $*

demo: all
	@$(TESTENV) tests/demo/run

# Lint, each part a target of its own.
C_FILES = $(sort $(wildcard */*.[ch] */*/*.[ch] tests/*/*/*.[ch]))
LINT_FILES = $(filter-out tests/%,$(filter %.c,$(C_FILES))) \
	$(wildcard tests/fault/*.c tests/fuzz/*.c tests/fuzz/*/*.c)
SH_FILES = $(sort $(SCRIPTS) $(shell grep -slE -d skip \
	'^\#!/bin/sh|^\# shellcheck shell=sh' bootstrap .ci/* rc/* tests/*/* \
	tests/*/*/*))
NPROC := $(shell nproc)

lint: lint-format lint-cppcheck lint-tidy lint-man lint-sh

format:
	clang-format-14 -i $(C_FILES)

lint-format:
	$(Q)clang-format-14 --dry-run -Werror $(C_FILES)

# cppcheck reads no system headers but the one whose macros it must know. That
# functions are not reentrant is no matter where one thread uses them.
QUEUE_H = /usr/include/$(shell $(CC) -print-multiarch)/sys/queue.h
lint-cppcheck:
	$(Q)cppcheck -q -j $(NPROC) --std=c11 --enable=warning,portability \
	    --library=posix,gnu,bsd --inline-suppr --error-exitcode=1 \
	    --suppress=missingInclude --suppress=getpwnamCalled --suppress=getgrnamCalled \
	    --suppress=readdirCalled --include=$(QUEUE_H) \
	    $(filter -D%,$(CPPALL)) -Icommon -Itests/unit $(LINT_FILES)

# Each file with the folders of headers that it is compiled with.
lint-tidy:
	$(Q)printf '%s\n' $(foreach f,$(LINT_FILES),'$f -I$(dir $f) \
	    $($(subst /,_,$(f:%/$(notdir $f)=%))_CPPFLAGS)') | \
	    xargs -P $(NPROC) -I {} sh -c \
	    'f=$${1%% *} i=$${1#* }; shift; \
	    exec clang-tidy-14 --quiet $$f -- $$i "$$@"' sh {} \
	    $(CPPALL) -Itests/unit -std=gnu17

lint-man:
	$(Q)mandoc -T lint -W warning $(MANS)

lint-sh:
	$(Q)shellcheck -x -s sh $(SH_FILES)

.PHONY: tests check check-asan clang fuzz fuzz-run bench demo lint format \
	lint-format lint-cppcheck lint-tidy lint-man lint-sh
