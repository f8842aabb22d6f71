package org.sipproxy.server.command;

import java.io.Console;
import java.util.Optional;

/** The terminal of this process. */
public final class Terminal {

    private Terminal() {}

    /** Returns the console if it is a terminal. Since JDK 22 there is a console without a terminal, too. */
    @SuppressWarnings("SystemConsoleNull") // null up to Java 21
    public static Optional<Console> find() {
        Console console = System.console();
        if (console == null) {
            return Optional.empty();
        }
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console))
                    ? Optional.of(console)
                    : Optional.empty();
        } catch (ReflectiveOperationException e) {
            return Optional.of(console); // on an older JDK a console is always a terminal
        }
    }
}
