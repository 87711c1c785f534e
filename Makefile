# Everything a user or a developer does here; the scripts are in .ci.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup build debug demo demo-50 kill-scenes simulate simulate-same quota-referee mutate test check verify sanitize format proto install clean

PREFIX ?= /usr/local
DESTDIR ?=
FILTER ?=
# The Swift runtime goes into the release binaries, so that they run on hosts that have no Swift.
RELEASE_FLAGS ?= --static-swift-stdlib
INSTALLED := cc-coordinator cc-agent ccctl cc-guard
RELEASED := $(INSTALLED) claude-sim anthropic-sim

help: ## Show these targets
	@echo "make TARGET, and CLAUDE=/path/to/claude to use your own Claude Code:"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what building needs (Debian 12; elsewhere: name it) and fetch the pinned claude into .dev
	@.ci/setup

build: setup ## Build the programs for release, into .build/release
	@set -e; source .ci/lib.sh; for product in $(RELEASED); do steady_swift build -c release $(RELEASE_FLAGS) --product $$product; done

debug: setup ## Build everything with its tests for debugging: the build that demo, test and check share
	@.ci/build-debug

demo: debug ## 40 tasks through a coordinator and two agents, done by the real claude against a simulated API
	@.ci/scene demo

demo-50: debug ## 50 instances of the real claude at once
	@.ci/scene demo-50

.PHONY: quota-scenes
quota-scenes: debug ## Tasks against limits of requests and tokens, with kills, faults and strangers: none refused, nothing left unused
	@.ci/scene quota

.PHONY: pool-scenes
pool-scenes: debug ## Instances under test: conversations, secrets kept apart, 500 with faults, an agent killed 50 times, memory flat
	@.ci/scene contexts
	@.ci/scene held-turns
	@.ci/scene secrets
	@.ci/scene pool-faults
	@.ci/scene agent-kills
	@.ci/scene pool-flat
	@.ci/scene workspaces

.PHONY: long-scenes
long-scenes: debug ## TASKS=200000 through three kills of the coordinator; each control verb on a job of as many (RELEASE=1: programs of make build)
	@RELEASE=$(RELEASE) .ci/scene bulk --tasks $(or $(TASKS),200000)
	@RELEASE=$(RELEASE) .ci/scene big-job --tasks $(or $(TASKS),200000)

kill-scenes: debug ## Kill the coordinator 20 times, then an agent, and see that nothing is lost or left over
	@.ci/scene coordinator-kills
	@.ci/scene agent-kill

simulate: debug ## The core in a simulated fleet (SEEDS=2000 FROM=1; RELEASE=1: ten times as fast), or one seed with its trace (SEED=n)
	@RELEASE=$(RELEASE) .ci/simulate $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),200) --from $(or $(FROM),1))

simulate-same: debug ## See that 50 seeds make the same traces in debug and release
	@.ci/simulate-same

quota-referee: debug ## 10 million calls through the quotas, judged by a service that shares no code with them (ADMISSIONS=10000000 SEED=1)
	@RELEASE=1 .ci/simulate --quota-admissions $(or $(ADMISSIONS),10000000) --seed $(or $(SEED),1)

mutate: debug ## Plant small faults in the cores, and see that tests or the simulation find each of them
	@.ci/mutate

test: debug ## Run the tests, without a network (FILTER=Name for some of them)
	@.ci/test "$(FILTER)"

check: debug ## Look at format, imports and rules, warnings, generated code, shell scripts
	@.ci/check

verify: debug ## Do check, test, demo, demo-50 and kill-scenes, and write them into docs/VERIFICATION.md
	@.ci/verify

sanitize: ## Run the tests of the cores, the wire and the sockets under the thread and the address sanitizer
	@.ci/sanitize

format: ## Format the Swift files
	@source .ci/lib.sh && swift_files | xargs -0 swift format --in-place --parallel

proto: setup ## Generate the Swift code of the messages in proto/
	@.ci/proto

install: ## Put the release binaries into $(DESTDIR)$(PREFIX)/bin, after make build
	@for program in $(INSTALLED); do \
	  test -x .build/release/$$program || { echo "There is no .build/release/$$program yet: run make build first." >&2; exit 1; }; done
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -s -m 755 $(INSTALLED:%=.build/release/%) "$(DESTDIR)$(PREFIX)/bin"

clean: ## Remove .build; the claude in .dev stays
	rm -rf .build
