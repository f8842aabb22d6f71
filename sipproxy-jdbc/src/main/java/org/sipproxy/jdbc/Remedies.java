package org.sipproxy.jdbc;

/**
 * Wording of remedies.
 *
 * @param forLauncher true to name options and commands of the launcher, false to name the Java API
 */
record Remedies(boolean forLauncher) {

    /** Returns one of the two texts. */
    String of(String java, String launcher) {
        return forLauncher ? launcher : java;
    }
}
