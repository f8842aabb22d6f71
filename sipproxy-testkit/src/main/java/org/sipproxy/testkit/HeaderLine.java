package org.sipproxy.testkit;

import org.sipproxy.message.HeaderName;

/** Header line of a phone. */
record HeaderLine(HeaderName name, String value) {

    static HeaderLine of(String name, String value) {
        return new HeaderLine(HeaderName.of(name), value);
    }
}
