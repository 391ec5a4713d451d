# websplice: how to build, test and install it.
#
#   make              the release binary: build/release/websplice, also as build/websplice
#   make unit         the unit tests; T=NAME for one (make unit T=test_ws_dec)
#   make replay       runs every fuzz corpus file once, as a plain regression test
#   make tools        the helper programs of tests/bench and tests/tools
#   make asan | tsan | cov | fuzz | debug
#                     everything built as that variant, under build/VARIANT/
#   make check        everything there is to check; the last line is "N passed, N failed"
#   make lint         layers, banned functions, sizes, formatting, scripts
#   make coverage     what the unit tests run of each file
#   make bench        what the proxy costs, beside others; BENCH_ARGS=--quick in a minute
#                     (see tests/bench)
#   make compile_commands.json    for clangd and other tools
#   make install      the binary, the man page and the viewer; needs `make` first
#   make uninstall    removes exactly what install wrote
#   make clean        removes build/; `make distclean` also what setup.sh put into the tree
#
# Variables (make NAME=VALUE):
#   variant    release (default), debug, asan, tsan, cov, fuzz; they live side by side
#   CC CFLAGS CPPFLAGS LDFLAGS LDLIBS   yours; flags are appended to ours, so yours win
#   BUILD      where to build (build); two people in one checkout take one each
#   MBEDTLS    own (default): built from the distribution's source package with our configuration,
#              in .deps/mbedtls; system: the distribution's library as it is
#   folders    which of src/ go into the library (all), as in folders="base wire"
#   ERR=1      warnings are errors        V=1     show the commands
#   DESTDIR, prefix (/usr/local), bindir, datadir, mandir, libdir
#   PKG_CONFIG, UV_CFLAGS, UV_LIBS, LLHTTP_CFLAGS, LLHTTP_LIBS, MBEDTLS_CFLAGS, MBEDTLS_LIBS
#
# A new .c file in src/*/, tests/unit/, tests/fake/, tests/fuzz/, tests/tools/ or tests/bench/*/
# needs no line here; a folder of tests/bench/ is one program. A test or tool that needs more
# to link says so in a comment line: /* libs: -lssl -lcrypto */ or
# /* ldflags: -Wl,--wrap=malloc */.
# When a needed library is missing, scripts/setup.sh is run; otherwise make stays offline.

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

variant ?= release
variants := release debug asan tsan cov fuzz
ifeq ($(filter $(variant),$(variants)),)
$(error variant is one of: $(variants))
endif
BUILD ?= build
B := $(BUILD)/$(variant)

.PHONY: all
all: $(if $(wildcard src/app/main.c),$(B)/websplice,$(B)/libwebsplice.a) $(B)/rebind.so

# ---- tools and directories ----
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(if $(filter fuzz,$(variant)),clang,gcc)
endif
AR := ar
INSTALL ?= install
PKG_CONFIG ?= pkg-config
comma := ,
prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n')

# Whose Mbed TLS; setup.sh asks for it, too. Who says what to link with brings his own.
ifeq ($(origin MBEDTLS),undefined)
MBEDTLS := $(if $(MBEDTLS_LIBS),system,own)
endif
ifeq ($(filter $(MBEDTLS),own system),)
$(error MBEDTLS is own or system)
endif
export MBEDTLS

# ---- what is missing is installed once; afterwards this costs a few file look-ups ----
offline_goals := clean distclean help format uninstall check
ifneq ($(filter-out $(offline_goals),$(or $(MAKECMDGOALS),all)),)
have_deps = $(and $(wildcard /usr/include/uv.h $(UV_H)),$\
	$(wildcard .deps/usr/include/llhttp.h /usr/include/llhttp.h),$\
	$(if $(filter own,$(MBEDTLS)),$(shell scripts/mbedtls.sh --fresh && echo fresh),$\
		$(wildcard .deps/usr/include/mbedtls/ssl.h /usr/include/mbedtls/ssl.h)),$\
	$(shell command -v $(firstword $(CC))))
ifeq ($(have_deps),)
setup_status := $(shell scripts/setup.sh build >&2; echo $$?)
ifneq ($(setup_status),0)
$(error scripts/setup.sh could not install what is missing)
endif
endif
endif

# ---- libraries ----
# What setup.sh put into .deps/ comes first and is linked statically.
UV_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libuv 2>/dev/null)
UV_LIBS ?= $(or $(shell $(PKG_CONFIG) --libs libuv 2>/dev/null),-luv)
ifneq ($(wildcard .deps/usr/include/llhttp.h),)
LLHTTP_CFLAGS ?= -isystem .deps/usr/include
LLHTTP_LIBS ?= $(wildcard .deps/usr/lib/*/libllhttp.a)
else
LLHTTP_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libllhttp 2>/dev/null)
LLHTTP_LIBS ?= $(or $(shell $(PKG_CONFIG) --libs libllhttp 2>/dev/null),-lllhttp)
endif
ifeq ($(MBEDTLS),own)
machine := $(shell $(CC) -dumpmachine)
MBEDTLS_CFLAGS ?= -isystem .deps/mbedtls/include '-DMBEDTLS_USER_CONFIG_FILE=<mbedtls_user_config.h>'
MBEDTLS_LIBS ?= .deps/mbedtls/lib/libmbedtls.a $(if $(filter x86_64%,$(machine)),-l:libIPSec_MB.a)
else ifneq ($(wildcard .deps/usr/include/mbedtls/ssl.h),)
MBEDTLS_CFLAGS ?= -isystem .deps/usr/include
MBEDTLS_LIBS ?= $(foreach l,mbedtls mbedx509 mbedcrypto,$(wildcard .deps/usr/lib/*/lib$l.a))
else
MBEDTLS_CFLAGS ?=
MBEDTLS_LIBS ?= -lmbedtls -lmbedx509 -lmbedcrypto
endif
libs := -Wl,--as-needed $(LLHTTP_LIBS) $(UV_LIBS) -pthread
# Our Mbed TLS calls what src/crypt defines in its place, and that calls back.
together = -Wl,--start-group $1 $(MBEDTLS_LIBS) -Wl,--end-group

# ---- flags ----
version := $(shell scripts/version.sh)
warnings := -Wall -Wextra -Wpedantic -Wmissing-prototypes -Wstrict-prototypes \
	-Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Wformat-security -Wshadow \
	$(if $(ERR),-Werror)
cc_option = $(shell $(CC) -Werror $1 -x c -c /dev/null -o /dev/null 2>/dev/null && echo $1)
hardening = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	$(call cc_option,-fstack-clash-protection) $(call cc_option,-fcf-protection) \
	$(call cc_option,-ftrivial-auto-var-init=zero)
sanitize := -fno-omit-frame-pointer -fno-sanitize-recover=all

flags_release = -O2 -g $(hardening)
flags_debug = -O0 -g3 -Wno-maybe-uninitialized
flags_asan = -O1 -g1 -fsanitize=address,undefined $(sanitize)
flags_tsan = -O1 -g1 -fsanitize=thread $(sanitize)
flags_cov = -O0 -g --coverage -Wno-maybe-uninitialized
flags_fuzz = -O1 -g1 -fsanitize=address,undefined,fuzzer-no-link $(sanitize)
ldflags_release = -pie -Wl,-z,relro,-z,now,-z,noexecstack
ldflags_debug = -pie

variant_flags := $(flags_$(variant))
all_cppflags := -D_GNU_SOURCE -Iinclude $(MBEDTLS_CFLAGS) $(LLHTTP_CFLAGS) $(UV_CFLAGS) $(CPPFLAGS)
all_cflags := -std=gnu11 -fPIE -fno-common -fno-strict-aliasing '-ffile-prefix-map=$(CURDIR)=.' \
	$(warnings) $(variant_flags)
all_ldflags := $(variant_flags) $(ldflags_$(variant)) $(LDFLAGS)

# Flags of single folders: arithmetic in base/ and wire/ converts explicitly; app/ knows the version
# and where rebind.so will be.
flags_src_base := -Wconversion
flags_src_wire := -Wconversion
flags_src_app := -DWEBSPLICE_VERSION='"$(version)"' -DWEBSPLICE_LIBDIR='"$(libdir)"'
flags_tests := -Itests -Itests/fake
folder_flags = $(flags_$(subst /,_,$(patsubst %/,%,$(dir $1)))) $(if $(filter tests/%,$1),$(flags_tests))

compile = $(CC) $(all_cppflags) $(call folder_flags,$1) $(all_cflags) $(CFLAGS)

# ---- sources ----
folders ?= *
lib_src := $(sort $(filter-out src/app/main.c src/rebind/%,$(wildcard $(folders:%=src/%/*.c))))
fake_src := $(sort $(wildcard tests/fake/*.c))
unit_src := $(sort $(wildcard tests/unit/test_*.c))
unit_extra_src := $(sort $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
fuzz_src := $(sort $(wildcard tests/fuzz/fuzz_*.c))
tool_src := $(sort $(wildcard tests/tools/*.c))
bench_src := $(sort $(wildcard tests/bench/*/*.c))
obj = $(patsubst %.c,$(B)/obj/%.o,$1)

unit_bin := $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src))
fuzz_bin := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(fuzz_src))
bench_names := $(sort $(foreach s,$(bench_src),$(notdir $(patsubst %/,%,$(dir $s)))))
tool_bin := $(addprefix $(B)/tools/,$(basename $(notdir $(tool_src))) $(bench_names))
all_src := $(lib_src) $(wildcard src/app/main.c) $(fake_src) $(unit_src) $(unit_extra_src) \
	$(fuzz_src) $(wildcard tests/fuzz/replay_main.c) $(tool_src) $(bench_src)

# ---- rebuild when the flags change: the stamp is rewritten only if it differs ----
.PHONY: FORCE
FORCE:
stamp = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$1)' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$1)' >$@
$(B)/flags: FORCE
	$(call stamp,$(CC) $(all_cppflags) $(flags_src_base) $(flags_src_wire) $(all_cflags) $(CFLAGS))
$(B)/ldflags: FORCE
	$(call stamp,$(CC) $(all_ldflags) $(call together) $(libs) $(LDLIBS))
$(B)/version: FORCE
	$(call stamp,$(version))
$(B)/libdir: FORCE
	$(call stamp,$(libdir))
$(call obj,$(filter src/app/%,$(all_src))): $(B)/version
$(call obj,src/app/shim.c): $(B)/libdir

# ---- rules ----
$(B)/obj/%.o: %.c $(B)/flags $(filter .deps/mbedtls/%,$(MBEDTLS_LIBS))
	$(say) CC $(if $(filter release,$(variant)),$<,'$< ($(variant))')
	@mkdir -p $(@D)
	$(Q)$(call compile,$<) -MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(B)/libwebsplice.a: $(call obj,$(lib_src)) $(B)/lib_list
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(B)/libfake.a: $(call obj,$(fake_src) $(unit_extra_src)) $(B)/fake_list
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
# A file that is removed must leave the archive too.
$(B)/lib_list: FORCE
	$(call stamp,$(lib_src))
$(B)/fake_list: FORCE
	$(call stamp,$(fake_src) $(unit_extra_src))

# What a source's own comment line asks for: $(call asks,libs,FILE.c)
asks = $(shell sed -n 's|^/\* *$1: *\(.*[^ ]\) *\*/.*|\1|p' $2)
link = $(Q)mkdir -p $(@D) && $(CC) $(all_ldflags) $1 -o $@

$(B)/websplice: $(B)/obj/src/app/main.o $(B)/libwebsplice.a $(B)/ldflags
	$(say) LINK $@
	$(call link,) $< $(call together,$(B)/libwebsplice.a) $(libs) $(LDLIBS)
ifeq ($(variant),release)
	@ln -sfn release/websplice $(BUILD)/websplice
endif

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libfake.a $(B)/libwebsplice.a $(B)/ldflags
	$(say) LINK $@
	$(call link,$(call asks,ldflags,tests/unit/$*.c)) $< \
		$(call together,$(B)/libfake.a $(B)/libwebsplice.a) \
		$(call asks,libs,tests/unit/$*.c) -lcmocka $(libs) $(LDLIBS)

# The shim goes into programs that know nothing of our variants: it is the same in all of them.
shim_src := $(sort $(wildcard src/rebind/*.c))
shim_flags := -D_GNU_SOURCE -std=gnu11 '-ffile-prefix-map=$(CURDIR)=.' $(warnings) -Wconversion \
	$(flags_release) -fPIC -fvisibility=hidden
compile_shim = $(CC) $(shim_flags) $(CPPFLAGS) $(CFLAGS)
$(B)/rebind.so: $(shim_src) $(wildcard src/rebind/*.h) $(B)/flags $(B)/ldflags
	$(say) LINK $@
	$(Q)mkdir -p $(@D) && $(compile_shim) -shared -nostartfiles $(shim_src) \
		-Wl,-z,relro,-z,now,-z,noexecstack,-z,defs,--as-needed -ldl $(LDFLAGS) -o $@

# With clang's fuzzer in variant fuzz; elsewhere with a main that replays files.
ifeq ($(variant),fuzz)
fuzz_main :=
fuzz_link := -fsanitize=fuzzer
else
fuzz_main := $(B)/obj/tests/fuzz/replay_main.o
fuzz_link :=
endif
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(fuzz_main) $(B)/libfake.a $(B)/libwebsplice.a $(B)/ldflags
	$(say) LINK $@
	$(call link,$(fuzz_link) $(call asks,ldflags,tests/fuzz/$*.c)) $(filter %.o,$^) \
		$(call together,$(B)/libfake.a $(B)/libwebsplice.a) $(libs) -lcmocka $(LDLIBS)

# Tools stand alone, but for these, which are about our own parts.
our_tools := tests/tools/tlsbulk.c
define tool_rule
$(B)/tools/$(basename $(notdir $1)): $(call obj,$1) $(B)/ldflags $2
	$$(say) LINK $$@
	$$(call link,$$(call asks,ldflags,$1)) $$< $(if $2,$$(call together,$2) $$(libs)) \
		$$(call asks,libs,$1) -pthread $$(LDLIBS)
endef
$(foreach s,$(tool_src),$(eval $(call tool_rule,$s,$\
	$(if $(filter $s,$(our_tools)),$(B)/libfake.a $(B)/libwebsplice.a))))

# A folder of tests/bench is one program: $(call bench_rule,NAME,SOURCES)
define bench_rule
$(B)/tools/$1: $(call obj,$2) $(B)/ldflags
	$$(say) LINK $$@
	$$(call link,$$(call asks,ldflags,$2)) $$(filter %.o,$$^) $$(call asks,libs,$2) -pthread $$(LDLIBS)
endef
$(foreach n,$(bench_names),$(eval $(call bench_rule,$n,$(filter tests/bench/$n/%,$(bench_src)))))

-include $(patsubst %.o,%.d,$(call obj,$(all_src)))

# ---- what to ask for ----
.PHONY: unit replay tools units fuzzers everything asan tsan cov fuzz debug
units: $(unit_bin)
fuzzers: $(fuzz_bin)
tools: $(tool_bin) $(B)/rebind.so
everything: $(if $(wildcard src/app/main.c),$(B)/websplice) units fuzzers tools

unit: $(if $(T),$(B)/unit/$(T),$(unit_bin))
	@for t in $^; do $(test_env) "$$t" || exit 1; done

replay: $(fuzz_bin)
	@for t in $^; do name=$${t##*/fuzz_}; $(test_env) "$$t" tests/fuzz/corpus/$$name || exit 1; done

test_env := ASAN_OPTIONS=handle_segv=2:handle_sigbus=2 UBSAN_OPTIONS=print_stacktrace=1

asan tsan cov fuzz debug:
	@$(MAKE) variant=$@ everything


# ---- checks ----
.PHONY: check lint format coverage bench
check:
	@scripts/setup.sh test
	@BUILD='$(BUILD)' tests/run.sh

lint: $(B)/libwebsplice.a
	@tests/lint/run.sh '$<'

# Files to format: make format F="src/io/dial.c include/io/dial.h"; all of ours without F.
format:
	clang-format -i $(or $(F),$(wildcard src/*/*.[ch] include/*/*.h tests/*/*.[ch] tests/bench/*/*.[ch]))

coverage:
	@BUILD='$(BUILD)' tests/coverage.sh

# Without the other proxies it goes on; without the tools it cannot.
bench:
	@scripts/setup.sh bench || echo 'make bench: going on without'
	@$(MAKE) $(B)/websplice $(B)/tools/wsload $(B)/tools/wsbackend
	@WEBSPLICE="$${WEBSPLICE:-$(B)/websplice}" node tests/bench/bench.mjs $(BENCH_ARGS)

# Written by make itself: all commands together are longer than an argument may be (128 KiB).
compiled := $(all_src) $(shim_src)
command_of = $(if $(filter $1,$(shim_src)),$(compile_shim),$(call compile,$1)) -c $1
compile_commands.json: FORCE
	$(file >$@,[)
	$(foreach s,$(compiled),$(file >>$@,{"directory":"$(CURDIR)","file":"$s",$\
		"command":"$(subst ",\",$(call command_of,$s))"}$(if $(filter-out $(lastword $(compiled)),$s),$(comma))))
	$(file >>$@,])
	@:

# ---- install: what was installed is written down, and exactly that is removed again ----
# The pages go along with their npm packages, less the records npm and setup.sh keep, and less what
# no page asks for: xterm.js brings its sources and maps.
web_list = find web -type f ! -name '.*' ! -path '*/.bin/*' ! -path '*/@xterm/*/src/*' \
	! -path '*/@xterm/*/typings/*' ! -path '*/@xterm/*.map' ! -path '*/@xterm/*/lib/*.js' | LC_ALL=C sort
share := $(DESTDIR)$(datadir)/websplice

.PHONY: install uninstall
install: $(B)/websplice $(B)/rebind.so
	@scripts/setup.sh run
	$(Q)$(INSTALL) -D -m 755 $(B)/websplice '$(DESTDIR)$(bindir)/websplice'
	$(Q)mkdir -p '$(share)' && echo '$(bindir)/websplice' >'$(share)/installed'
	$(Q)[ ! -f docs/websplice.1 ] || { echo '$(mandir)/man1/websplice.1' >>'$(share)/installed' && \
		$(INSTALL) -D -m 644 docs/websplice.1 '$(DESTDIR)$(mandir)/man1/websplice.1'; }
	$(Q)[ ! -d web ] || $(web_list) | while read -r f; do \
		$(INSTALL) -D -m 644 "$$f" '$(share)/'"$$f" && \
		echo '$(datadir)/websplice/'"$$f" >>'$(share)/installed' || exit 1; done
	$(Q)$(INSTALL) -D -m 644 $(B)/rebind.so '$(DESTDIR)$(libdir)/websplice/rebind.so'
	$(Q)sed "s|^libdir=.*|libdir='$(libdir)'|" scripts/rebind >$(B)/rebind && \
		$(INSTALL) -D -m 755 $(B)/rebind '$(DESTDIR)$(bindir)/rebind'
	$(Q)$(INSTALL) -D -m 644 docs/rebind.1 '$(DESTDIR)$(mandir)/man1/rebind.1'
	$(Q)printf '%s\n' '$(libdir)/websplice/rebind.so' '$(bindir)/rebind' '$(mandir)/man1/rebind.1' \
		>>'$(share)/installed'
	@echo "installed $$(wc -l <'$(share)/installed') files under $(DESTDIR)$(prefix)"
uninstall:
	@[ -f '$(share)/installed' ] || { echo 'nothing installed under $(DESTDIR)$(prefix)'; exit 1; }
	$(Q)while read -r f; do rm -f '$(DESTDIR)'"$$f"; done <'$(share)/installed'
	$(Q)rmdir '$(DESTDIR)$(libdir)/websplice' 2>/dev/null || :
	$(Q)rm -f '$(share)/installed' && find '$(share)' -depth -type d -empty -delete

.PHONY: help clean distclean
help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))
clean:
	rm -rf $(BUILD) compile_commands.json
distclean: clean
	rm -rf .deps web/node_modules tests/e2e/node_modules
