package org.sipproxy.server.web;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A GET request that may be served.
 *
 * @param path the path as the client sent it, not decoded
 * @param query what follows the question mark, not decoded; empty for none
 */
public record WebRequest(String path, String query) {

    private static final Pattern SEPARATOR = Pattern.compile("&");
    private static final int LONGEST = 256;

    /** The request cannot be served as it is. The message is for the client. */
    static final class BadRequestException extends RuntimeException {

        private static final long serialVersionUID = 1;

        BadRequestException(String message) {
            super(message);
        }
    }

    /**
     * Returns a parameter of the query; empty if it is absent or has no value.
     *
     * @throws BadRequestException if it is malformed or has more than 256 characters
     */
    Optional<String> parameter(String name) {
        return SEPARATOR
                .splitAsStream(query)
                .filter(pair -> pair.startsWith(name + "="))
                .findFirst()
                .map(pair -> decode(name, pair.substring(name.length() + 1)))
                .filter(value -> !value.isEmpty());
    }

    private static String decode(String name, String encoded) {
        try {
            String value = URLDecoder.decode(encoded, StandardCharsets.UTF_8);
            if (value.length() <= LONGEST) {
                return value;
            }
        } catch (IllegalArgumentException e) {
            throw new BadRequestException(name + ": not a URL-encoded text");
        }
        throw new BadRequestException(name + ": expected at most " + LONGEST + " characters");
    }

    /**
     * Returns a parameter that is a number of 0 or more; 0 if it is absent.
     *
     * @throws BadRequestException if it is anything else
     */
    long number(String name) {
        return parameter(name)
                .map(text -> {
                    if (!text.matches("[0-9]{1,18}")) {
                        throw new BadRequestException(name + ": expected a number");
                    }
                    return Long.valueOf(text);
                })
                .orElse(0L);
    }
}
