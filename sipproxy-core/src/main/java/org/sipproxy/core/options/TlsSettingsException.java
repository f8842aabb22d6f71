package org.sipproxy.core.options;

import java.util.List;

/** The files that {@link TlsSettings} names cannot be used. The message has every problem found, a line each. */
public final class TlsSettingsException extends RuntimeException {

    private final List<String> problems;

    /** With what {@link #problems} tells. */
    public TlsSettingsException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, each with the file and how to mend it. */
    public List<String> problems() {
        return problems;
    }
}
