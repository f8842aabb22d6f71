package org.sipproxy.gateway;

/**
 * State of a member, with the letter that Kamailio's {@code dispatcher.list} shows.
 *
 * <pre>
 *  state     letter  requests                       becomes
 *  --------  ------  -----------------------------  -----------------------------------------------------
 *  ACTIVE    A       yes                            TRYING or DOWN by failures
 *  TRYING    T       yes                            ACTIVE by a response or probe, DOWN by further failures
 *  DOWN      I       only if no other member of     ACTIVE by probes; TRYING after a time if it is not
 *                    the set can serve              probed, and after its Retry-After
 *  DRAINING  D       none                           ACTIVE by an operator
 *  DISABLED  D       none                           ACTIVE by an operator
 * </pre>
 */
public enum MemberState {
    /** In use. */
    ACTIVE('A'),
    /** In use, after failures that were fewer than the threshold. */
    TRYING('T'),
    /** Not in use because of failures. */
    DOWN('I'),
    /** Taken out of use by an operator; it is still probed, and requests from it are recognized. */
    DRAINING('D'),
    /** Taken out of use by an operator; it is not probed, and requests from it are those of a stranger. */
    DISABLED('D');

    private final char letter;

    MemberState(char letter) {
        this.letter = letter;
    }

    /** Returns Kamailio's letter. */
    public char letter() {
        return letter;
    }
}
