package org.sipproxy.core.internal.codec;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Interned texts that many long-lived objects hold, such as domains and User-Agents. Limited in number and bytes,
 * because peers choose some of these texts: texts beyond the limit, or longer than {@value #LONGEST} characters, are
 * not shared.
 */
public final class SharedText {

    private static final int LONGEST = 256;

    private final ConcurrentHashMap<String, String> texts = new ConcurrentHashMap<>();
    private final int limit;

    public SharedText(int limit) {
        this.limit = limit;
    }

    int size() {
        return texts.size();
    }

    public String of(String text) {
        String known = texts.get(text);
        if (known != null) {
            return known;
        }
        if (text.length() <= LONGEST && texts.mappingCount() < limit) {
            texts.putIfAbsent(text, text);
        }
        return text;
    }
}
