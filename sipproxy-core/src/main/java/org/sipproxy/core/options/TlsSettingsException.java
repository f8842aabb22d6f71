package org.sipproxy.core.options;

import java.util.List;

/** Thrown if the files named by {@link TlsSettings} cannot be used. The message lists every problem, one per line. */
public final class TlsSettingsException extends RuntimeException {

    private final List<String> problems;

    /** Creates an exception whose message is {@code problems}, one per line. */
    public TlsSettingsException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Returns what is wrong, each entry with the file and how to fix it. */
    public List<String> problems() {
        return problems;
    }
}
