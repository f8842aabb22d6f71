package org.sipproxy.core.internal.pipeline;

/** Tells a user who is not registered now (480) from one who does not exist (404). */
@FunctionalInterface
public interface KnownUsers {

    /** True if the user is one of the domain's; the user as written, since digest user names have a case. */
    boolean isKnown(String user, String domain);
}
