package org.sipproxy.server.migrate;

/**
 * Explanation of something in a configuration that is not an option of this server.
 *
 * @param place where it is; line 0 for something that the configuration lacks
 */
record Remark(Kind kind, Place place, String text) {

    /** What the operator has to do, the most urgent first. */
    enum Kind {
        /** The operator has to supply or decide something. */
        DECISION("Needs a decision"),
        /** A stage of a host application does it; an option does not. */
        CODE("Needs code (a stage of your own program; see import --java and docs/from-kamailio.md)"),
        /** Not available. */
        LACKING("Not available"),
        /** Available, with another meaning. */
        DIFFERENCE("Different here"),
        /** Done without an option. */
        COVERED("Done without an option");

        private final String title;

        Kind(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }
}
