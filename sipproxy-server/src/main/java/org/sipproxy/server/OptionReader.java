package org.sipproxy.server;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.sipproxy.api.config.ConfigurationException;

/**
 * Reads values of options that are kept as text, and adds errors to a list of problems. An empty text is an option that
 * is not given: the default of the library stays.
 */
final class OptionReader {

    private final List<String> problems;

    OptionReader(List<String> problems) {
        this.problems = problems;
    }

    void number(String option, String text, IntConsumer setter) {
        if (!text.isEmpty()) {
            try {
                setter.accept(Integer.parseInt(text));
            } catch (NumberFormatException e) {
                problems.add(option + ": \"" + text + "\" is not an integer");
            }
        }
    }

    void duration(String option, String text, Consumer<Duration> setter) {
        read(option, text, given -> setter.accept(Durations.parse(given)));
    }

    void size(String option, String text, LongConsumer setter) {
        read(option, text, given -> setter.accept(Sizes.parse(given)));
    }

    /** Reads a size below 2 GiB. */
    void smallSize(String option, String text, IntConsumer setter) {
        size(option, text, bytes -> setter.accept((int) Math.min(bytes, Integer.MAX_VALUE)));
    }

    /** Reads the name of a constant, in lower case with hyphens. */
    <E extends Enum<E>> void choice(String option, String text, E[] values, Consumer<E> setter) {
        if (text.isEmpty()) {
            return;
        }
        for (E value : values) {
            if (name(value).equalsIgnoreCase(text)) {
                setter.accept(value);
                return;
            }
        }
        String allButLast = Arrays.stream(values)
                .limit(values.length - 1L)
                .map(OptionReader::name)
                .collect(Collectors.joining(", "));
        problems.add(
                option + ": \"" + text + "\" (expected " + allButLast + " or " + name(values[values.length - 1]) + ")");
    }

    /** Returns how a constant is written on the command line. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Reads a text whose errors the setter throws. */
    void read(String option, String text, Consumer<String> setter) {
        if (!text.isEmpty()) {
            try {
                setter.accept(text);
            } catch (ConfigurationException e) {
                problems.addAll(LibraryProblems.texts(e, option));
            } catch (IllegalArgumentException e) {
                problems.add(option + ": " + Launcher.messageOf(e));
            }
        }
    }

    /** Applies values whose names the library reports itself. */
    void apply(Runnable change) {
        try {
            change.run();
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
        }
    }
}
