package org.sipproxy.jdbc;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

/** Logger whose lines a test reads, as {@code WARN text}. */
final class RecordingLogger {

    private final List<String> lines = new CopyOnWriteArrayList<>();

    Logger logger() {
        return (Logger) Proxy.newProxyInstance(
                Logger.class.getClassLoader(), new Class<?>[] {Logger.class}, (p, method, args) -> {
                    if (method.getReturnType() == boolean.class) {
                        return true;
                    }
                    if (args != null && args[0] instanceof String format) {
                        Object[] values = args.length == 2 && args[1] instanceof Object[] many
                                ? many
                                : Arrays.copyOfRange(args, 1, args.length);
                        lines.add(method.getName().toUpperCase(Locale.ROOT) + " "
                                + MessageFormatter.arrayFormat(format, values).getMessage());
                    }
                    return null;
                });
    }

    List<String> lines() {
        return lines;
    }
}
