package org.sipproxy.security;

import java.nio.charset.StandardCharsets;

/** Protection space: its text, and the bytes that are hashed. */
final class Realm {

    private final String name;
    private final byte[] bytes;

    private Realm(String name) {
        this.name = name;
        this.bytes = name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /**
     * Returns a realm. The text is printable ASCII without quotes and backslashes: a domain of the proxy or a checked
     * option.
     */
    static Realm named(String name) {
        return new Realm(name);
    }

    String name() {
        return name;
    }

    /** Returns the shared array, which must not be modified. */
    byte[] bytes() {
        return bytes;
    }
}
