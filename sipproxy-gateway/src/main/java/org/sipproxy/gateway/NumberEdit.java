package org.sipproxy.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Writes the numbers of a {@link NumberPlan} into a request. */
final class NumberEdit {

    private NumberEdit() {}

    /** Returns the edited request, or {@code request} itself if nothing changes. */
    static SipRequest edited(SipRequest request, NumberPlan plan, Set<NumberField> fields) throws SipParseException {
        if (request.method().equals(Method.REGISTER)) {
            return request; // its From and To are an address of record, not a number to call
        }
        SipRequest edited = request;
        if (fields.contains(NumberField.REQUEST_URI)) {
            SipUri uri = request.requestUri();
            SipUri changed = plan.apply(uri);
            edited = changed == uri ? edited : edited.withRequestUri(changed);
        }
        if (fields.contains(NumberField.FROM)) {
            NameAddress from = request.from();
            String changed = changed(from, plan);
            edited = changed.equals(from.toString()) ? edited : edited.withHeader(HeaderName.FROM, changed);
        }
        if (fields.contains(NumberField.P_ASSERTED_IDENTITY)) {
            edited = withIdentity(edited, plan);
        }
        return edited;
    }

    private static SipRequest withIdentity(SipRequest request, NumberPlan plan) throws SipParseException {
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        for (NameAddress identity : request.addresses(HeaderName.P_ASSERTED_IDENTITY)) {
            before.add(identity.toString());
            after.add(changed(identity, plan));
        }
        return after.equals(before)
                ? request
                : request.withHeader(HeaderName.P_ASSERTED_IDENTITY, String.join(", ", after));
    }

    private static String changed(NameAddress address, NumberPlan plan) throws SipParseException {
        SipUri uri = address.uri();
        SipUri changed = plan.apply(uri);
        if (changed == uri) {
            return address.toString();
        }
        String text = address.toString();
        int end = text.length() - address.parametersText().length();
        String display = text.substring(0, text.substring(0, end).lastIndexOf(address.uriText()));
        String open = display.endsWith("<") ? "" : "<";
        return display + open + changed + ">" + address.parametersText();
    }
}
