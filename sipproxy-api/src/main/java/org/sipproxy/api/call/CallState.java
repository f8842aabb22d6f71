package org.sipproxy.api.call;

/** State of a {@link Call}. States are passed in this order; some may be skipped. */
public enum CallState {
    /** The INVITE was relayed. */
    SETUP,
    /** A target has sent a provisional response above 100. */
    RINGING,
    /** A target has accepted. */
    ANSWERED,
    /** The call has failed or has been ended. */
    ENDED
}
