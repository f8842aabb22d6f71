package org.sipproxy.api.support;

/** Number with its noun, for messages: {@code 1 request}, {@code 2 requests}. */
public final class Quantity {

    private Quantity() {}

    /** Returns a number and its noun, to which an s is added unless the number is 1. */
    public static String of(long number, String noun) {
        return of(number, noun, noun + "s");
    }

    /** Returns a number and one of two texts, such as {@code request waits} and {@code requests wait}. */
    public static String of(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }
}
