package org.sipproxy.server.web;

import java.util.List;
import java.util.Optional;

/**
 * Values that the page shows to a reader whose softphone is to register.
 *
 * @param user the user; empty if the reader knows it
 * @param password the password, only of a demonstration; empty if the reader knows it
 * @param answering users that answer a call by themselves
 */
public record Softphone(Optional<String> user, Optional<String> password, List<String> answering) {

    /** The users of this server are known to the reader. */
    public static final Softphone KNOWN = new Softphone(Optional.empty(), Optional.empty(), List.of());
}
