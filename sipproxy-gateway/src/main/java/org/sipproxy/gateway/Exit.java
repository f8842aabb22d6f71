package org.sipproxy.gateway;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Set or trunk that gets requests which are not for users of the proxy.
 *
 * @param name name of the set; that of the trunk if it is one
 * @param trunk null if it is a set
 * @param numbers form of the called number on this exit; {@link NumberPlan#none} leaves it as it is
 */
record Exit(String name, @Nullable Trunk trunk, NumberPlan numbers) {

    private static final Set<NumberField> CALLED_NUMBER = Set.of(NumberField.REQUEST_URI);

    static Exit set(String name, NumberPlan numbers) {
        return new Exit(name, null, numbers);
    }

    static Exit trunk(Trunk trunk, NumberPlan numbers) {
        return new Exit(trunk.name(), trunk, numbers);
    }

    boolean isSet() {
        return trunk == null;
    }

    /**
     * Returns the request with the called number in the form of this exit; {@code request} itself if it is the same.
     */
    SipRequest edited(SipRequest request) throws SipParseException {
        return numbers == NumberPlan.none() ? request : NumberEdit.edited(request, numbers, CALLED_NUMBER);
    }
}
