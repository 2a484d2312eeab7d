# SPDX-License-Identifier: GPL-2.0
# A front door only: the work is in Kbuild, tools/sstctl/Makefile and scripts/.

# The kernel to build for; see "make help".
KERNELDIR ?= /lib/modules/$(shell uname -r)/build
# The kernels to test on: 6.1, 6.12, debug. Empty: all of them.
K ?=
# The one selftest to run. Empty: all of them.
T ?=
PREFIX ?= /usr
DESTDIR ?=

export SST_CACHE

all: module tools

module:
	@scripts/module "$(KERNELDIR)"

tools:
	@$(MAKE) --no-print-directory -C tools/sstctl

kunit:
	@scripts/kunit

selftest: tools
	@tests/run $(addprefix -k ,$(K)) $(T)

# What is missing is installed first, so that it runs on a fresh system.
demo:
	@scripts/deps build tools vm test curl dnsmasq-base bind9-dnsutils
	@$(MAKE) --no-print-directory tools
	@tests/lib/module-build keylog $(or $(K),6.12) >/dev/null
	@scripts/vm -k $(or $(K),6.12) scripts/demo

matrix:
	@scripts/deps build tools vm test
	@$(MAKE) --no-print-directory tools
	@tests/lib/module-build keylog $(or $(K),6.12) >/dev/null
	@scripts/vm -k $(or $(K),6.12) --timeout 3600 env SCOPE=$(SCOPE) tests/matrix all

connections:
	@tests/tools/connections $(or $(K),6.12) clock
	@tests/tools/connections $(or $(K),6.12) instructions

# Rounds, and rows or parts, where not all of them are wanted.
ROUNDS ?=
ONLY ?=
bench:
	@tests/bench/run -k $(or $(K),6.12) $(addprefix -r ,$(ROUNDS)) $(ONLY)

# Two tests that need more than the others, and so are no part of "make check".
programs ktests:
	@scripts/deps build tools
	@tests/run -k $(or $(K),6.12) $@

check:
	@scripts/check

lint:
	@scripts/lint

model:
	@tests/model/run

# The module goes where modprobe of the kernel it was built for finds it.
install: all
	@rel=$$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$$/\1/p' \
		"$(KERNELDIR)/include/generated/utsrelease.h") && \
	install -D -m 644 "build/$$rel/sst.ko" \
		"$(DESTDIR)/lib/modules/$$rel/updates/sst.ko" && \
	{ [ -n "$(DESTDIR)" ] || depmod "$$rel"; }
	@install -D -m 644 -t "$(DESTDIR)$(PREFIX)/include" include/sst.h
	@install -D -m 644 -t "$(DESTDIR)$(PREFIX)/include/linux" \
		include/uapi/linux/sst.h include/uapi/linux/sst_netlink.h
	@$(MAKE) --no-print-directory -C tools/sstctl install \
		PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)"

clean:
	rm -rf build
	@[ ! -e tools/sstctl/Makefile ] || $(MAKE) --no-print-directory -C tools/sstctl clean

help:
	@echo 'make            module and tools'
	@echo 'make module     build/RELEASE/sst.ko for the kernel in KERNELDIR'
	@echo '                (default: the running one; needs its headers only)'
	@echo 'make tools      tools/sstctl/sstctl (needs libmnl and libsodium)'
	@echo 'make kunit      unit tests in the debug kernel'
	@echo 'make selftest   tests on virtual machines; T=name for one of them,'
	@echo '                K=6.1, K=6.12 or K=debug for one kernel'
	@echo 'make programs   programs of Debian under SST (installs them); K= as above'
	@echo 'make ktests     tests of the kernel, without and with the module; K=6.1, 6.12'
	@echo 'make demo       a short demonstration on a virtual machine'
	@echo 'make lint       style and static analysis'
	@echo 'make model      models of the protocol, checked with spin'
	@echo 'make check      all of the above, on all kernels, with a total'
	@echo 'make matrix     128 kinds of paths, in clear and over SST, as a table;'
	@echo '                K=6.1 or K=debug for another kernel than 6.12,'
	@echo '                SCOPE=payload or label for flows of that scope'
	@echo 'make connections'
	@echo '                connections per second, beside plain TCP and TLS 1.3;'
	@echo '                K=6.1 for another kernel than 6.12'
	@echo 'make bench      speed, beside plain TCP and UDP, WireGuard and IPsec; K=6.1,'
	@echo '                ROUNDS=5, ONLY=rows: see tests/bench/run -h'
	@echo 'make install    PREFIX=, DESTDIR= as usual'
	@echo 'make clean'
	@echo
	@echo 'Documentation/testing.md says more.'

.PHONY: all module tools kunit selftest programs ktests demo matrix connections bench \
	check lint model install clean help
