# Each target is one Maven command, printed as it runs; deb also runs a script.
MVN ?= mvn

.DEFAULT_GOAL := help
.PHONY: help fast test fmt check javadoc bench costs nat footprint deb

help: ## this list
	@sed -n 's/^\([a-z]*\): ## \(.*\)/make \1#\2/p' Makefile | column -t -s '#'

fast: ## compile, test and package without the checks, into target/fast; sipproxy-server/target/sipproxy.jar is made anew
	$(MVN) -Pfast package

test: ## compile with Error Prone and NullAway, run every test
	$(MVN) test

fmt: ## format the Java sources and sort the POMs
	$(MVN) spotless:apply

check: ## everything that has to pass before a commit: tests, formatting, packaging
	$(MVN) -B -T 2 verify

javadoc: ## the javadoc of all published modules, target/fast/reports/apidocs/index.html
	$(MVN) -Pfast javadoc:aggregate

bench: ## the JMH benchmarks; ARGS='Name -f 1 -wi 3 -i 3' chooses
	$(MVN) -Pfast,bench -pl benchmarks -am -DskipTests -Djmh.args="$(ARGS)" package

costs: ## MAIN=PathCosts, CallCosts, FlightCosts or NatPings, with ARGS='…' and JVM='…'
	$(MVN) -Pfast,bench -pl benchmarks -am -DskipTests -Dbench.main=org.sipproxy.benchmarks.$(MAIN) -Dbench.jvm="$(JVM)" -Djmh.args="$(ARGS)" package

footprint: ## live heap of a binding and of a waiting transaction
	$(MVN) -Pfast,bench -pl benchmarks -am -DskipTests -Dbench.main=org.sipproxy.benchmarks.Footprint package

nat: ## 100 calls each way through the kernel's NAT, mappings lost in the middle; as root, needs iproute2, nftables, conntrack
	$(MVN) -Pfast -pl sipproxy-nat -am -Dtest=KernelNatTest -Dsurefire.failIfNoSpecifiedTests=false -Dnat.calls=100 test

deb: ## the Debian package, target/deb/sipproxy_*.deb; needs binutils, dpkg-dev, file, man-db, zip, unzip
	$(MVN) -Pfast -pl sipproxy-server -am -DskipTests package
	packaging/deb.sh
