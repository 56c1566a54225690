# Unit tests: every tests/unit/test_NAME.c is a Check program that prints TAP.
# System tests: every tests/system/NAME.t is a script that prints TAP. Fuzz
# targets: every tests/fuzz/fuzz_NAME.c.
UNIT_SRCS = $(wildcard tests/unit/test_*.c)
UNIT = $(UNIT_SRCS:tests/unit/%.c=$(O)/tests/unit/%.t)
SYSTEM = $(wildcard tests/system/*.t)
FUZZ_SRCS = $(wildcard tests/fuzz/fuzz_*.c)
