package org.sipproxy.core.internal.codec;

import java.util.concurrent.ConcurrentHashMap;

/**
 * One copy of texts that many long-lived objects hold, such as domains and User-Agents. Bounded: peers choose some of these
 * texts, and what comes after the limit is simply not shared.
 */
public final class SharedText {

    private final ConcurrentHashMap<String, String> texts = new ConcurrentHashMap<>();
    private final int limit;

    public SharedText(int limit) {
        this.limit = limit;
    }

    public String of(String text) {
        String known = texts.get(text);
        if (known != null) {
            return known;
        }
        if (texts.mappingCount() < limit) {
            texts.putIfAbsent(text, text);
        }
        return text;
    }
}
