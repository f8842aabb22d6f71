package org.sipproxy.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What a test or a class has opened, to be closed in the other order. */
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

    /** Closes all, even if some cannot be closed; then throws what the first of those threw, with the others'. */
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
