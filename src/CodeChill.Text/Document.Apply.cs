using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

// How an update is applied. First the whole of it is checked (UpdateScanner), without touching the document: from then
// on nothing can fail. Then its sections, one a client, are read again and integrated struct by struct. A section whose
// next struct refers to an operation that is not there yet waits until the section that brings it has moved on; what
// waits in the end is kept (Document.Pending) until another update brings it.
public sealed partial class Document
{
    private Section[] _sections = new Section[1];
    private readonly Stack<int> _ready = new();
    private readonly List<IdRange> _deletes = [];

    /// <summary>
    /// Applies an update of a peer. What is known already is skipped; what depends on operations that are not here yet
    /// is kept aside (<see cref="HasPending"/>) and comes in with the update that brings them.
    /// </summary>
    /// <param name="update">An update in format V1, as <c>Y.encodeStateAsUpdate</c> or Yjs' <c>update</c> event give it.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="UpdateFormatException">
    /// The update is malformed, or over a limit of <see cref="DocumentOptions"/>. The document is untouched.
    /// </exception>
    public DocumentChange ApplyUpdate(ReadOnlySpan<byte> update)
    {
        if (update.Length > _options.MaxUpdateBytes)
        {
            throw new UpdateFormatException($"The update has {update.Length} bytes; {_options.MaxUpdateBytes} are allowed.");
        }

        int deletes = UpdateScanner.Scan(update, ref _sections, out int count, out int structs, out int contentBytes, out bool allNew);
        var sections = _sections.AsSpan(0, count);
        CheckPendingLimit(update, sections, deletes);
        BeginChange();
        if (structs > 16)
        {
            _store.ReserveContent(contentBytes);
        }

        if (count > 4)
        {
            _store.ReserveClients(count);
        }

        ulong ownId = _clientId;
        int ownState = _store.StateOf(ownId);
        bool waiting = RunSections(update, sections, ref allNew) && KeepRest(update, sections);
        waiting |= ApplyDeletes(update, deletes);
        bool resumed = ResumePending();
        if (_store.StateOf(ownId) != ownState)
        {
            ClientId = RandomClientId();
        }

        if (_sections.Length > 4096)
        {
            _sections = new Section[1];
        }

        bool asReceived = allNew && !waiting && !resumed;
        return EndChange(asReceived && (_store.Touched.Count > 0 || _store.Deleted.Count > 0) ? update.ToArray() : null, null, waiting);
    }

    /// <summary>Applies an update in format V2.</summary>
    /// <param name="updateV2">The update.</param>
    /// <returns>What changed; its <see cref="DocumentChange.Update"/> is in format V1.</returns>
    /// <exception cref="UpdateFormatException">The update is malformed or over a limit. The document is untouched.</exception>
    public DocumentChange ApplyUpdateV2(ReadOnlySpan<byte> updateV2)
    {
        if (updateV2.Length > _options.MaxUpdateBytes)
        {
            throw new UpdateFormatException($"The update has {updateV2.Length} bytes; {_options.MaxUpdateBytes} are allowed.");
        }

        return ApplyUpdate(FormatV2Reader.Convert(updateV2));
    }

    /// <summary>Integrates what can be integrated. True when something is left over.</summary>
    private bool RunSections(ReadOnlySpan<byte> source, Span<Section> sections, ref bool allNew)
    {
        if (sections.Length == 1)
        {
            return !Advance(source, ref sections[0], ref allNew);
        }

        _ready.Clear();
        for (int i = sections.Length - 1; i >= 0; i--)
        {
            _ready.Push(i);
        }

        int left = sections.Length;
        while (_ready.TryPop(out int current))
        {
            ref var section = ref sections[current];
            int before = _store.StateOf(section.Client);
            if (Advance(source, ref section, ref allNew))
            {
                left--;
            }
            else if (FindSection(sections, section.NeedClient) is >= 0 and int other)
            {
                section.NextWaiter = sections[other].FirstWaiter;
                sections[other].FirstWaiter = current;
            }

            int head = current;
            while (head > 0 && sections[head - 1].Client == section.Client)
            {
                head--;
            }

            if (sections[head].FirstWaiter >= 0 && _store.StateOf(section.Client) != before)
            {
                WakeWaiters(sections, head);
            }
        }

        return left > 0;
    }

    private void WakeWaiters(Span<Section> sections, int head)
    {
        int waiter = sections[head].FirstWaiter;
        sections[head].FirstWaiter = -1;
        int state = _store.StateOf(sections[head].Client);
        while (waiter >= 0)
        {
            ref var section = ref sections[waiter];
            int next = section.NextWaiter;
            if (state > section.NeedClock)
            {
                section.NextWaiter = -1;
                _ready.Push(waiter);
            }
            else
            {
                section.NextWaiter = sections[head].FirstWaiter;
                sections[head].FirstWaiter = waiter;
            }

            waiter = next;
        }
    }

    // The first section of a client; they are sorted, higher clients first.
    private static int FindSection(Span<Section> sections, ulong client)
    {
        int low = 0;
        int high = sections.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (sections[middle].Client > client)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < sections.Length && sections[low].Client == client ? low : -1;
    }

    /// <summary>Integrates the structs of a section up to its end (true) or to one that has to wait (false).</summary>
    private bool Advance(ReadOnlySpan<byte> source, ref Section section, ref bool allNew)
    {
        var reader = new ByteReader(source, section.Position);
        ulong client = section.Client;
        int state = _store.StateOf(client);
        while (section.Remaining > 0)
        {
            StructReader.Read(ref reader, client, section.Clock, false, out var item);
            if (item.Kind != Kind.Skip)
            {
                int offset = state - item.Clock;
                if (offset < 0)
                {
                    section.NeedClient = client;
                    section.NeedClock = item.Clock - 1;
                    return false;
                }

                if (offset < item.Length)
                {
                    if (IsMissing(ref section, in item, client))
                    {
                        return false;
                    }

                    allNew &= offset == 0;
                    _store.Integrate(in item, client, offset, source);
                    state = item.Clock + item.Length;
                }
                else
                {
                    allNew = false;
                }
            }

            section.Clock += item.Length;
            section.Position = reader.Position;
            section.Remaining--;
        }

        return true;
    }

    private bool IsMissing(ref Section section, in StructRef item, ulong client)
    {
        if (item.HasOrigin && item.OriginClient != client && item.OriginClock >= _store.StateOf(item.OriginClient))
        {
            section.NeedClient = item.OriginClient;
            section.NeedClock = item.OriginClock;
            return true;
        }

        if (item.HasRight && item.RightClient != client && item.RightClock >= _store.StateOf(item.RightClient))
        {
            section.NeedClient = item.RightClient;
            section.NeedClock = item.RightClock;
            return true;
        }

        if (item.ParentClock >= 0 && item.ParentClient != client && item.ParentClock >= _store.StateOf(item.ParentClient))
        {
            section.NeedClient = item.ParentClient;
            section.NeedClock = item.ParentClock;
            return true;
        }

        return false;
    }

    /// <summary>Deletes what is there; the rest waits. True when something waits.</summary>
    private bool ApplyDeletes(ReadOnlySpan<byte> update, int position)
    {
        if (update[position] == 0)
        {
            return false;
        }

        var reader = new ByteReader(update, position);
        _deletes.Clear();
        DeleteRanges.Read(ref reader, _deletes);
        return ApplyDeletes(_deletes, _pendingDeletes);
    }

    private bool ApplyDeletes(List<IdRange> deletes, List<IdRange> rest)
    {
        int waiting = rest.Count;
        foreach (var range in deletes)
        {
            int client = _store.FindClient(range.Client);
            int state = client < 0 ? 0 : _store.Clients[client].State;
            int end = Math.Min(range.End, state);
            if (range.Clock < end)
            {
                _store.DeleteRange(client, range.Clock, end);
            }

            if (range.End > state)
            {
                int start = Math.Max(range.Clock, state);
                rest.Add(new IdRange(range.Client, start, range.End - start));
            }
        }

        bool more = rest.Count != waiting;
        if (more)
        {
            DeleteRanges.Normalize(rest);
        }

        return more;
    }
}
