# What system tests run besides real clients: each tests/system/NAME.c.
PROBE_SRCS := $(wildcard tests/system/*.c)
PROBES = $(PROBE_SRCS:%.c=$(O)/%)
SRCS += $(PROBE_SRCS)

tests: $(PROBES)

$(PROBES): %: %.o
	$(CC) $(LDALL) -o $@ $< -lbsd
