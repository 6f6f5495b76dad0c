using CodeChill.Text.Encoding;
using CodeChill.Text.Store;

namespace CodeChill.Text;

// How an update is applied. First the whole of it is checked (UpdateScanner), without touching the document: from then
// on nothing can fail. Then its sections, one a client, are read again and integrated struct by struct. A section whose
// next struct refers to an operation that is not there yet waits until the section that brings it has moved on; what
// waits in the end is kept (Document.Pending) until another update brings it.
public sealed partial class Document
{
    private const int StrictBytes = 100 << 10;
    private const int FreeItems = 10_000;
    private const int MaxPicked = 48 << 10;

    private Section[] _sections = new Section[1];
    private readonly Stack<int> _ready = new();
    private Wait[]? _waits;

    // What the section that stopped last waits for.
    private ulong _needClient;
    private int _needClock;

    /// <summary>
    /// Applies an update of a peer. What is known already is skipped; what depends on operations that are not here yet
    /// is kept aside (<see cref="HasPending"/>) and comes in with the update that brings them.
    /// </summary>
    /// <param name="update">An update in format V1, as <c>Y.encodeStateAsUpdate</c> or Yjs' <c>update</c> event give it.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="UpdateFormatException">
    /// The update is malformed, or over a limit of <see cref="DocumentOptions"/>. The document is untouched.
    /// </exception>
    public DocumentChange ApplyUpdate(ReadOnlySpan<byte> update) => Apply(update, null, null);

    // A few bytes of format V2 can stand for any number of structs, so what they may become is bounded by what was received.
    // Format V1 bounds itself; and nothing that was ever accepted, or written here, may be refused when it is loaded again.
    private void CheckExtent(in Extent extent, int receivedBytes)
    {
        long limit = receivedBytes <= StrictBytes ? FreeItems + (receivedBytes * 35L / 100) : receivedBytes * 2L;
        if (_options.LimitExpansion && extent.MaxItems > limit)
        {
            throw new UpdateFormatException($"The update of {receivedBytes} bytes may become {extent.MaxItems} items; {limit} are allowed.");
        }
    }

    private DocumentChange Apply(ReadOnlySpan<byte> update, int? bytesOfV2, byte[]? owned)
    {
        if (update.Length > _options.MaxUpdateBytes)
        {
            throw new UpdateFormatException($"The update has {update.Length} bytes; {_options.MaxUpdateBytes} are allowed.");
        }

        int deletes = UpdateScanner.Scan(update, ref _sections, out int count, out var extent, out bool allNew);
        if (bytesOfV2 is { } received)
        {
            CheckExtent(in extent, received);
        }

        var sections = _sections.AsSpan(0, count);
        CheckPendingLimit(update, sections, deletes);
        BeginChange();
        if (extent.Structs > 16)
        {
            _store.ReserveContent(extent.ContentBytes);
        }

        if (count > 4)
        {
            _store.ReserveClients(count);
        }

        if (extent.Ranges > 64)
        {
            _store.Deleted.Reserve(extent.Ranges);
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

        _waits = null;
        if (_sections.Length > 4096)
        {
            _sections = new Section[1];
        }

        // What is new of a large update is not picked out: peers skip what they know.
        bool asReceived = (allNew || update.Length > MaxPicked) && !waiting && !resumed;
        return EndChange(asReceived && (_store.Touched.Count > 0 || _store.Deleted.Count > 0) ? owned ?? update.ToArray() : null, null, waiting);
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

        byte[] update = FormatV2Reader.Convert(updateV2, _options.LimitExpansion);
        return Apply(update, updateV2.Length, update);
    }

    /// <summary>Integrates what can be integrated. True when something is left over.</summary>
    private bool RunSections(ReadOnlySpan<byte> source, Span<Section> sections, ref bool allNew)
    {
        if (sections.Length == 1)
        {
            if (Advance(source, ref sections[0], ref allNew))
            {
                return false;
            }

            _waits = [new Wait { NeedClient = _needClient, NeedClock = _needClock }];
            return true;
        }

        // Once around; those that waited come again when what they wait for is there.
        _ready.Clear();
        _waits = null;
        int left = sections.Length;
        for (int next = 0; _ready.TryPop(out int current) || (current = next++) < sections.Length;)
        {
            ref var section = ref sections[current];
            int before = _store.StateOf(section.Client);
            if (Advance(source, ref section, ref allNew))
            {
                left--;
            }
            else
            {
                _waits ??= new Wait[sections.Length];
                ref var wait = ref _waits[current];
                wait.NeedClient = _needClient;
                wait.NeedClock = _needClock;
                if (FindSection(sections, _needClient) is >= 0 and int other)
                {
                    wait.Next = _waits[other].First;
                    _waits[other].First = current + 1;
                }
            }

            if (_waits is null)
            {
                continue;
            }

            int head = current;
            while (head > 0 && sections[head - 1].Client == section.Client)
            {
                head--;
            }

            if (_waits[head].First > 0 && _store.StateOf(section.Client) != before)
            {
                WakeWaiters(_waits, head, _store.StateOf(section.Client));
            }
        }

        return left > 0;
    }

    private void WakeWaiters(Wait[] waits, int head, int state)
    {
        int waiter = waits[head].First - 1;
        waits[head].First = 0;
        while (waiter >= 0)
        {
            ref var wait = ref waits[waiter];
            int next = wait.Next - 1;
            if (state > wait.NeedClock)
            {
                wait.Next = 0;
                _ready.Push(waiter);
            }
            else
            {
                wait.Next = waits[head].First;
                waits[head].First = waiter + 1;
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
                    _needClient = client;
                    _needClock = item.Clock - 1;
                    return false;
                }

                if (offset < item.Length)
                {
                    if (IsMissing(in item, client))
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

    private bool IsMissing(in StructRef item, ulong client)
    {
        if (item.HasOrigin && item.OriginClient != client && item.OriginClock >= _store.StateOf(item.OriginClient))
        {
            _needClient = item.OriginClient;
            _needClock = item.OriginClock;
            return true;
        }

        if (item.HasRight && item.RightClient != client && item.RightClock >= _store.StateOf(item.RightClient))
        {
            _needClient = item.RightClient;
            _needClock = item.RightClock;
            return true;
        }

        if (item.ParentClock >= 0 && item.ParentClient != client && item.ParentClock >= _store.StateOf(item.ParentClient))
        {
            _needClient = item.ParentClient;
            _needClock = item.ParentClock;
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
        int waiting = _pendingDeletes.Count;
        for (int clients = reader.ReadCount(2); clients > 0; clients--)
        {
            ulong client = reader.ReadVarUint();
            for (int ranges = reader.ReadCount(2); ranges > 0; ranges--)
            {
                ApplyDelete(new IdRange(client, reader.ReadClock(), reader.ReadClock()));
            }
        }

        return EndDeletes(waiting);
    }

    private void ApplyDelete(IdRange range)
    {
        int client = _store.FindClient(range.Client);
        int state = client < 0 ? 0 : _store.Clients[client].State;
        int end = Math.Min(range.End, state);
        if (range.Clock < end)
        {
            _store.DeleteRange(client, range.Clock, end);
        }

        if (range.End > state && range.Length > 0)
        {
            int start = Math.Max(range.Clock, state);
            _pendingDeletes.Add(new IdRange(range.Client, start, range.End - start));
        }
    }

    private bool EndDeletes(int waitingBefore)
    {
        bool more = _pendingDeletes.Count != waitingBefore;
        if (more)
        {
            DeleteRanges.Normalize(_pendingDeletes);
        }

        return more;
    }
}
