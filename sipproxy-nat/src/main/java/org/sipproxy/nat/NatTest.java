package org.sipproxy.nat;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * A sign that the sender of a message is behind a NAT. A sender counts as behind one if any of the chosen signs is there.
 *
 * <p>The bits are those of Kamailio's {@code nat_uac_test}, for {@link #fromKamailioFlags}. Which addresses are private is for
 * {@link NatTraversal.Builder#privateNetwork} to say.
 */
public enum NatTest {
    /** The host of the Contact URI is a private address. Bit 1. */
    PRIVATE_CONTACT(1),
    /** The source address is not the host of the topmost Via; a name is never the address. Bit 2. */
    VIA_ADDRESS_MISMATCH(2),
    /** The host of the topmost Via is a private address. Bit 4. */
    PRIVATE_VIA(4),
    /** A connection address of the SDP is private. Bit 8. */
    PRIVATE_SDP(8),
    /**
     * The source port is not that of the topmost Via, 5060 if it names none. Bit 16. Over a stream, whose source port is
     * always another one, it counts only if the Contact names the source address: a connection can then be made anew.
     */
    VIA_PORT_MISMATCH(16),
    /** The source address itself is private. Bit 32. */
    PRIVATE_SOURCE(32),
    /** The message came by WebSocket: a browser cannot be connected to. Bit 64. */
    WEBSOCKET(64),
    /** The source port is not that of the Contact URI, 5060 if it names none. Bit 128. Over a stream as above. */
    CONTACT_PORT_MISMATCH(128),
    /** A connection address of the SDP is not the source address. Bit 256. */
    SDP_MISMATCH(256),
    /**
     * The host of the Contact URI is an address other than the source, or ends in {@code .invalid}. No bit of Kamailio's; it
     * also holds for a peer that wants its calls at another of its addresses.
     */
    CONTACT_ADDRESS_MISMATCH(1 << 16);

    /** {@link #PRIVATE_CONTACT}, {@link #VIA_ADDRESS_MISMATCH}, {@link #VIA_PORT_MISMATCH}, {@link #WEBSOCKET}. */
    public static final Set<NatTest> DEFAULT =
            Set.of(PRIVATE_CONTACT, VIA_ADDRESS_MISMATCH, VIA_PORT_MISMATCH, WEBSOCKET);

    private static final int KNOWN_FLAGS = 511;

    private final int flag;

    NatTest(int flag) {
        this.flag = flag;
    }

    /** A bit that no other test has. */
    int mask() {
        return flag;
    }

    /** The name on a command line: {@code private-contact}. */
    public String optionName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The tests that a sum of Kamailio's {@code nat_uac_test} flags stands for; 19 is the customary one.
     *
     * @throws IllegalArgumentException if the sum is not from 1 to 511: 512 compares a message with the destination that a
     *     routing script has set, and there is no such script here
     */
    public static Set<NatTest> fromKamailioFlags(int flags) {
        if (flags < 1 || flags > KNOWN_FLAGS) {
            throw new IllegalArgumentException("natTest: " + flags + " (expected 1 to " + KNOWN_FLAGS
                    + ", a sum of nat_uac_test flags without 512, which compares with a script's destination)");
        }
        Set<NatTest> tests = EnumSet.noneOf(NatTest.class);
        for (NatTest test : values()) {
            if ((flags & test.flag) != 0) {
                tests.add(test);
            }
        }
        return tests;
    }
}
