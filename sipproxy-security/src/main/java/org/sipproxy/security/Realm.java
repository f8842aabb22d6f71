package org.sipproxy.security;

import java.nio.charset.StandardCharsets;

/** A protection space: its text, and the bytes that go into hashes. */
final class Realm {

    private final String name;
    private final byte[] bytes;

    private Realm(String name) {
        this.name = name;
        this.bytes = name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The text is printable ASCII without quotes and backslashes: a domain of the proxy, or what a host chose and was checked. */
    static Realm named(String name) {
        return new Realm(name);
    }

    String name() {
        return name;
    }

    /** Shared, not to be written to. */
    byte[] bytes() {
        return bytes;
    }
}
