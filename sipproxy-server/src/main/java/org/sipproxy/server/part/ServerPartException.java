package org.sipproxy.server.part;

/** A part of the server cannot start. The message names the option, its value, the reason, and the remedy. */
public final class ServerPartException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ServerPartException(String message) {
        super(message);
    }
}
