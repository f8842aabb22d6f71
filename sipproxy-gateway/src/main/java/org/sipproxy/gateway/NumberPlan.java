package org.sipproxy.gateway;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * Rules that bring telephone numbers into another form. Immutable; each method returns a plan with one rule more, and
 * the rules apply in the order of the calls.
 *
 * <pre>{@code
 * NumberPlan dialled = NumberPlan.none().strip("9").e164("49");       // 9030 123-456 becomes +4930123456
 * NumberPlan ofTheProvider = NumberPlan.none().replace("+", "00");   // +4930123456 becomes 004930123456
 * }</pre>
 *
 * <p>A number is a text of digits, {@code *} and {@code #}, with an optional {@code +} at its start, at most 64
 * characters. Visual separators ({@code - . ( )} of RFC 3966 §5.1.1, and spaces) are removed first. Any other text,
 * such as a name, is not changed. Parameters after a semicolon are kept.
 */
public final class NumberPlan {

    private static final NumberPlan NONE = new NumberPlan(List.of());
    private static final int LONGEST = 64;
    /** Shorter numbers are extensions or emergency numbers. */
    private static final int SHORTEST_NATIONAL = 7;

    @FunctionalInterface
    private interface Rule {
        String apply(String number);
    }

    private final List<Rule> rules;

    private NumberPlan(List<Rule> rules) {
        this.rules = rules;
    }

    /** Returns a plan that only removes visual separators. */
    public static NumberPlan none() {
        return NONE;
    }

    /**
     * Removes a prefix from numbers that start with it and are longer, such as the digit for an outside line.
     *
     * @throws IllegalArgumentException if the prefix is empty or not the start of a number
     */
    public NumberPlan strip(String prefix) {
        return replace(prefix, "");
    }

    /**
     * Adds a prefix to every number.
     *
     * @throws IllegalArgumentException if the prefix is empty or not the start of a number
     */
    public NumberPlan add(String prefix) {
        requirePrefix("prefix", prefix);
        return with(number -> number.startsWith("+") && prefix.startsWith("+") ? number : prefix + number);
    }

    /**
     * Replaces a prefix of numbers that start with it and are longer.
     *
     * @param with what is written instead; may be empty
     * @throws IllegalArgumentException if {@code prefix} is empty, or one of them is not the start of a number
     */
    public NumberPlan replace(String prefix, String with) {
        requirePrefix("prefix", prefix);
        if (!with.isEmpty()) {
            requirePrefix("with", with);
        }
        return with(number -> number.length() > prefix.length() && number.startsWith(prefix)
                ? with + number.substring(prefix.length())
                : number);
    }

    /** Writes numbers as E.164 with a plus, with the prefixes {@code 00} (international) and {@code 0} (national). */
    public NumberPlan e164(String countryCode) {
        return e164(countryCode, "00", "0");
    }

    /**
     * Writes numbers as E.164 with a plus: a number with a plus is kept, the international prefix becomes a plus, and
     * the national prefix a plus and the country code. Other numbers, such as extensions and emergency numbers, are
     * kept.
     *
     * @param countryCode 1 to 3 digits, such as {@code 49}
     * @param internationalPrefix such as {@code 00} or {@code 011}
     * @param nationalPrefix such as {@code 0}. A prefix that does not begin with 0, such as {@code 1}, counts if 7 digits
     *     or more follow, because extensions may begin with it too. Empty in a country without one: every other number
     *     of 7 digits or more is then national
     * @throws IllegalArgumentException if one of them is not of digits
     */
    public NumberPlan e164(String countryCode, String internationalPrefix, String nationalPrefix) {
        if (countryCode.isEmpty() || countryCode.length() > 3 || !isDigits(countryCode)) {
            throw new IllegalArgumentException(
                    "countryCode: \"" + countryCode + "\" (expected 1 to 3 digits, such as 49)");
        }
        if (internationalPrefix.isEmpty() || !isDigits(internationalPrefix)) {
            throw new IllegalArgumentException(
                    "internationalPrefix: \"" + internationalPrefix + "\" (expected digits, such as 00)");
        }
        if (!isDigits(nationalPrefix)) {
            throw new IllegalArgumentException(
                    "nationalPrefix: \"" + nationalPrefix + "\" (expected digits, such as 0, or nothing)");
        }
        return with(number -> e164(number, countryCode, internationalPrefix, nationalPrefix));
    }

    private static String e164(String number, String countryCode, String international, String national) {
        if (number.startsWith("+")) {
            return number;
        }
        if (!isDigits(number)) {
            return number; // a service code
        }
        if (number.length() > international.length() && number.startsWith(international)) {
            return "+" + number.substring(international.length());
        }
        // extensions and emergency numbers do not begin with 0, but they may begin with the 1 of North America
        int least = national.startsWith("0") ? 1 : SHORTEST_NATIONAL;
        boolean isNational = number.length() >= national.length() + least && number.startsWith(national);
        return isNational ? "+" + countryCode + number.substring(national.length()) : number;
    }

    private NumberPlan with(Rule rule) {
        List<Rule> all = new ArrayList<>(rules);
        all.add(rule);
        return new NumberPlan(List.copyOf(all));
    }

    private static void requirePrefix(String name, String prefix) {
        Objects.requireNonNull(prefix, name);
        if (!prefix.equals("+") && !isNumber(prefix)) {
            throw new IllegalArgumentException(
                    name + ": \"" + prefix + "\" (expected digits, * and #, with an optional + at the start)");
        }
    }

    private static boolean isDigits(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** Returns true if the text is a number without visual separators. */
    static boolean isNumber(String text) {
        int first = text.startsWith("+") ? 1 : 0;
        if (text.length() <= first || text.length() > LONGEST) {
            return false;
        }
        for (int i = first; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c == '*' || c == '#')) {
                return false;
            }
        }
        return true;
    }

    private static String withoutSeparators(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ("-.() ".indexOf(c) < 0) {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** Returns the number in the form of this plan; any other text unchanged. */
    public String apply(String text) {
        int semicolon = text.indexOf(';');
        String before = semicolon < 0 ? text : text.substring(0, semicolon);
        if (before.length() > LONGEST) {
            return text;
        }
        String number = withoutSeparators(before);
        if (!isNumber(number)) {
            return text;
        }
        for (Rule rule : rules) {
            number = rule.apply(number);
        }
        return semicolon < 0 ? number : number + text.substring(semicolon);
    }

    /**
     * Returns the URI with its number in the form of this plan. The user part of a {@code sip:} or {@code sips:} URI
     * and the number of a {@code tel:} URI are changed; any other URI is not.
     */
    public SipUri apply(SipUri uri) {
        if (!uri.isSip()) {
            return uri.scheme().equals("tel") ? changedTel(uri) : uri;
        }
        String user = uri.user();
        String changed = apply(user);
        return changed.equals(user) ? uri : UserPart.of(changed).in(uri);
    }

    private SipUri changedTel(SipUri uri) {
        String text = uri.toString();
        int colon = text.indexOf(':') + 1;
        String changed = text.substring(0, colon) + apply(text.substring(colon));
        return changed.equals(text) ? uri : SipUri.of(changed);
    }

    /**
     * Returns a stage that changes the called number before routing, in requests outside a dialog. Add it before the
     * stages that read the number, with {@code SipProxyBuilder.beforeRouting}.
     */
    public RequestStage stage() {
        return stage(NumberField.REQUEST_URI);
    }

    /** Returns a stage like {@link #stage()} for these parts of the request. A malformed one gets 400. */
    public RequestStage stage(NumberField first, NumberField... more) {
        Set<NumberField> fields = EnumSet.of(first, more);
        return new RequestStage() {
            @Override
            public Verdict handle(StageContext context) throws SipParseException {
                SipRequest request = context.request();
                SipRequest changed = NumberEdit.edited(request, NumberPlan.this, fields);
                if (changed != request) {
                    context.replace(changed);
                }
                return Verdict.proceed();
            }

            @Override
            public String name() {
                return "number plan";
            }

            @Override
            public boolean mayBlock() {
                return false;
            }

            @Override
            public boolean isRepeatable() {
                return true;
            }
        };
    }

    /**
     * Returns an edit that changes the caller's number in the requests to some targets. The target decides the
     * Request-URI: use {@link #apply(SipUri)} for the target.
     */
    public BranchEdit edit(NumberField first, NumberField... more) {
        Set<NumberField> fields = EnumSet.of(first, more);
        fields.remove(NumberField.REQUEST_URI);
        return (request, target) -> NumberEdit.edited(request, this, fields);
    }
}
