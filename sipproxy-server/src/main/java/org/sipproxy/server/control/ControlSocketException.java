package org.sipproxy.server.control;

/** The socket of a control channel cannot be used. The message says why and how to fix it, without the path. */
public final class ControlSocketException extends Exception {

    private static final long serialVersionUID = 1;

    private final boolean held;

    ControlSocketException(String message, boolean held) {
        super(message);
        this.held = held;
    }

    /** Returns true if another running server uses it. */
    public boolean isHeld() {
        return held;
    }
}
