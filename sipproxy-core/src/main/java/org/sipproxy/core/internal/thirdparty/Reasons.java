package org.sipproxy.core.internal.thirdparty;

/** Values of the Reason header (RFC 3326) of a BYE or CANCEL. */
final class Reasons {

    /** Q.850 normal call clearing. */
    static final int NORMAL = 16;
    /** Q.850 recovery on timer expiry. */
    static final int TIMER_EXPIRED = 102;

    private Reasons() {}

    /** Returns a reason with the status of a SIP response. */
    static String sip(int status, String text) {
        return value("SIP", status, text);
    }

    /** Returns a reason with an ISDN cause. */
    static String q850(int cause, String text) {
        return value("Q.850", cause, text);
    }

    private static String value(String protocol, int cause, String text) {
        String quoted = text.replace("\\", "\\\\").replace("\"", "\\\"");
        return protocol + ";cause=" + cause + (text.isEmpty() ? "" : ";text=\"" + quoted + "\"");
    }
}
