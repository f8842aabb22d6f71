package org.sipproxy.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Resources of a test or class, closed in reverse order. */
final class Opened {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    synchronized void add(AutoCloseable resource) {
        resources.push(resource);
    }

    synchronized List<Phone> phones() {
        List<Phone> phones = new ArrayList<>();
        for (AutoCloseable resource : resources) {
            if (resource instanceof Phone phone) {
                phones.add(phone);
            }
        }
        return phones;
    }

    /** Returns the networks with faults, of which the output of a failed test shows the seed. */
    synchronized Set<NetworkFaults> faults() {
        Set<NetworkFaults> faults = new LinkedHashSet<>();
        for (AutoCloseable resource : resources) {
            if (resource instanceof Phone phone) {
                phone.faults().ifPresent(faults::add);
            } else if (resource instanceof NatRouter router) {
                router.faults().ifPresent(faults::add);
            } else if (resource instanceof StreamRelay relay) {
                relay.faults().ifPresent(faults::add);
            }
        }
        return faults;
    }

    /** Closes all resources. If some fail, throws the first exception, with the others suppressed. */
    synchronized void close() throws Exception {
        Exception failure = null;
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
