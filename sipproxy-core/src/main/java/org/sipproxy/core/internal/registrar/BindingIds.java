package org.sipproxy.core.internal.registrar;

import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Generator of binding ids that are unique among all proxies on one database: 48 random bits and a count. */
final class BindingIds {

    private static final int RADIX = 36;

    private final String prefix = Long.toString(new SecureRandom().nextLong() >>> 16, RADIX) + "-";
    private final AtomicLong count = new AtomicLong();

    String next() {
        return prefix + Long.toString(count.getAndIncrement(), RADIX);
    }
}
