package org.sipproxy.message;

/**
 * Limits on the size of messages. They are checked before anything is copied or parsed further; larger messages are
 * rejected. Immutable.
 */
public final class ParseLimits {

    /** The defaults of {@link Builder}. */
    public static final ParseLimits DEFAULT = builder().build();

    private final int messageBytes;
    private final int headerLineBytes;
    private final int headers;
    private final int listElements;

    private ParseLimits(Builder builder) {
        this.messageBytes = builder.messageBytes;
        this.headerLineBytes = builder.headerLineBytes;
        this.headers = builder.headers;
        this.listElements = builder.listElements;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.messageBytes = messageBytes;
        builder.headerLineBytes = headerLineBytes;
        builder.headers = headers;
        builder.listElements = listElements;
        return builder;
    }

    /** Returns the longest message, see {@link Builder#messageBytes}. */
    public int messageBytes() {
        return messageBytes;
    }

    /** Returns the longest header, see {@link Builder#headerLineBytes}. */
    public int headerLineBytes() {
        return headerLineBytes;
    }

    /** Returns the maximum number of header lines, see {@link Builder#headers}. */
    public int headers() {
        return headers;
    }

    /** Returns the maximum number of list elements, see {@link Builder#listElements}. */
    public int listElements() {
        return listElements;
    }

    @Override
    public String toString() {
        return "ParseLimits[messageBytes " + messageBytes + ", headerLineBytes " + headerLineBytes + ", headers "
                + headers + ", listElements " + listElements + "]";
    }

    /** Builder of {@link ParseLimits}. Not thread-safe. */
    public static final class Builder {

        private int messageBytes = 65_536;
        private int headerLineBytes = 65_536;
        private int headers = 1_024;
        private int listElements = 64;

        private Builder() {}

        /**
         * Sets the longest message, headers and body together, in bytes; 1,024 to 16,777,216. Default 65,536.
         */
        public Builder messageBytes(int value) {
            messageBytes = value;
            return this;
        }

        /**
         * Sets the longest header with its folded lines, in bytes; 256 to 1,048,576. Default 65,536, the same as for a
         * message.
         */
        public Builder headerLineBytes(int value) {
            headerLineBytes = value;
            return this;
        }

        /**
         * Sets the maximum number of header lines of a message; 16 to 10,000. Default 1,024: 255 Via lines, which
         * Max-Forwards allows, two Record-Route lines for each, and as many others.
         */
        public Builder headers(int value) {
            headers = value;
            return this;
        }

        /**
         * Sets the maximum number of elements of a header that is read as a list (Route, Path, Contact of a REGISTER);
         * 1 to 10,000. Default 64.
         */
        public Builder listElements(int value) {
            listElements = value;
            return this;
        }

        /**
         * Returns the limits.
         *
         * @throws IllegalArgumentException if a limit is outside its range
         */
        public ParseLimits build() {
            check("messageBytes", messageBytes, 1_024, 16_777_216);
            check("headerLineBytes", headerLineBytes, 256, 1_048_576);
            check("headers", headers, 16, 10_000);
            check("listElements", listElements, 1, 10_000);
            return new ParseLimits(this);
        }

        private static void check(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (expected " + least + " to " + most + ")");
            }
        }
    }
}
