package org.sipproxy.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

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
