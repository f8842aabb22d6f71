package org.sipproxy.samples.phone;

import javax.sip.Dialog;

/** A call that this phone made and that was answered. */
public final class Call {

    private final RiPhone phone;
    private final Dialog dialog;
    private final boolean rang;

    Call(RiPhone phone, Dialog dialog, boolean rang) {
        this.phone = phone;
        this.dialog = dialog;
        this.rang = rang;
    }

    /** True if the caller was told that the other phone rings, before it answered. */
    public boolean rang() {
        return rang;
    }

    /**
     * Ends the call and waits for the answer to BYE.
     *
     * @throws PhoneException if it is refused or not answered
     */
    public void hangUp() throws PhoneException {
        phone.hangUp(dialog);
    }
}
