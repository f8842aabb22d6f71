package org.sipproxy.server.phone;

import javax.sip.Dialog;

/** Outgoing call that was answered. */
public final class Call {

    private final RiPhone phone;
    private final Dialog dialog;
    private final boolean rang;

    Call(RiPhone phone, Dialog dialog, boolean rang) {
        this.phone = phone;
        this.dialog = dialog;
        this.rang = rang;
    }

    /** Returns true if the caller received a 180 before the call was answered. */
    public boolean rang() {
        return rang;
    }

    /**
     * Ends the call and waits for the response to BYE.
     *
     * @throws PhoneException if it is refused or gets no response
     */
    public void hangUp() throws PhoneException {
        phone.hangUp(dialog);
    }
}
