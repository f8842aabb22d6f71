package org.sipproxy.jdbc;

/**
 * The words of remedies.
 *
 * @param forLauncher true to name options and commands of the launcher, false for Java
 */
record Remedies(boolean forLauncher) {

    /** One of the two. */
    String of(String java, String launcher) {
        return forLauncher ? launcher : java;
    }
}
