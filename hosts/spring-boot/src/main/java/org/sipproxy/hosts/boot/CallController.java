package org.sipproxy.hosts.boot;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Calls that the application sets up between two users. */
@RestController
@RequestMapping("/calls")
class CallController {

    /** Whom to connect: {@code from} is called first. */
    record Dial(String from, String to) {}

    /** A call; it is forgotten when it ends. */
    record Dialled(String id, String from, String to, String state) {}

    private record Active(Dial dial, ThirdPartyCall call) {}

    private final SipProxy proxy;
    private final Map<String, Active> active = new ConcurrentHashMap<>();

    CallController(SipProxy proxy) {
        this.proxy = proxy;
    }

    /** Calls the first user for at most 20 s, and then the second one. 404 if the first has no phone. */
    @PostMapping
    ResponseEntity<Dialled> dial(@RequestBody Dial dial) {
        String domain = proxy.settings().domains().get(0);
        if (proxy.locationStore().lookup(new Aor(dial.from(), domain)).isEmpty()) {
            return ResponseEntity.notFound().build();
        }
        Participant first = Participant.builder(SipUri.of("sip:" + dial.from() + "@" + domain))
                .ringFor(Duration.ofSeconds(20))
                .build();
        Participant second = Participant.of(SipUri.of("sip:" + dial.to() + "@" + domain));
        String id = UUID.randomUUID().toString();
        ThirdPartyCall call = proxy.requests().connect(CallSetup.of(first, second));
        Active started = new Active(dial, call);
        active.put(id, started);
        call.ended().thenRun(() -> active.remove(id));
        return ResponseEntity.status(HttpStatus.ACCEPTED).body(dialled(id, started));
    }

    @GetMapping
    Collection<Dialled> list() {
        return active.entrySet().stream()
                .map(entry -> dialled(entry.getKey(), entry.getValue()))
                .toList();
    }

    @DeleteMapping("/{id}")
    ResponseEntity<Void> hangUp(@PathVariable("id") String id) {
        Active found = active.get(id);
        if (found == null) {
            return ResponseEntity.notFound().build();
        }
        found.call().hangUp("ended by the web page");
        return ResponseEntity.noContent().build();
    }

    private static Dialled dialled(String id, Active one) {
        return new Dialled(id, one.dial().from(), one.dial().to(), one.call().state().name());
    }
}
