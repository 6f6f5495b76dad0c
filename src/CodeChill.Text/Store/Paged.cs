using System.Runtime.CompilerServices;

namespace CodeChill.Text.Store;

/// <summary>
/// A growing array in pages: growing copies nothing but a small first page, so a large document costs no more than what is
/// new, and references to elements beyond that page stay good.
/// </summary>
internal struct Paged<T>
    where T : struct
{
    public const int PageSize = 1 << Bits;
    private const int Bits = 8;

    private T[][] _pages;
    private int _pageCount;

    /// <summary>How many elements have room.</summary>
    public int Capacity { get; private set; }

    public readonly ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _pages[index >> Bits][index & (PageSize - 1)];
    }

    /// <summary>Makes room for a number of elements in all.</summary>
    public void Ensure(int count)
    {
        if (count > Capacity)
        {
            Grow(count);
        }
    }

    private void Grow(int count)
    {
        _pages ??= [[]];
        if (_pageCount <= 1)
        {
            int length = Math.Min(PageSize, Math.Max(count, Capacity < 16 ? Math.Max(2, Capacity * 2) : Capacity + (Capacity >> 1)));
            Array.Resize(ref _pages[0], length);
            _pageCount = 1;
            Capacity = length;
        }

        while (Capacity < count)
        {
            if (_pageCount == _pages.Length)
            {
                Array.Resize(ref _pages, Math.Max(4, _pageCount * 2));
            }

            _pages[_pageCount++] = new T[PageSize];
            Capacity += PageSize;
        }
    }
}
